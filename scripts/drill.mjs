// The drill: upgrade, roll back and restore while agents append, with the times it took and what was lost. docs/UPGRADE.md has the steps by hand.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { AGENTS, Agents } from './drill/agents.mjs'
import { earlierVersion, thisVersion } from './drill/earlier.mjs'
import { command, Refused, Server, tokenOf } from './drill/server.mjs'
import { exitWith, SetupError } from './runtime.mjs'

const USAGE = `npm run drill -- [--from VERSION] [--in FOLDER] [--events N]

  --from VERSION  upgrade from this one: a revision of the history, or a folder of a built version
                  (default: the last release before this version, else the first revision that can back up)
  --in FOLDER     where the data directories are made and removed again (default: the system's folder for such things)
  --events N      so many events at least are acknowledged in each step (default: 300)
`

class Drill {
  server = undefined
  place = 0
  wrong = 0

  constructor(folder, earlier, events) {
    this.folder = folder
    this.earlier = earlier
    this.events = events
  }

  newPlace() {
    return join(this.folder, `data-${++this.place}`)
  }

  async run() {
    this.agents = await Agents.begin(await tokenOf('drill'))
    const before = join(this.folder, 'backup-before-the-upgrade')
    const daily = join(this.folder, 'backup')
    const place = this.newPlace()
    await this.start(this.earlier, place)
    try {
      await this.step('backup', () => this.backUp(this.earlier, place, before))
      await this.step('upgrade', () => this.replace(thisVersion, place))
      const reads = await this.step('roll back', () => this.rollBack(place))
      if (reads) await this.step('upgrade again', () => this.replace(thisVersion, place))
      await this.step('backup', () => this.backUp(thisVersion, place, daily))
      await this.step('restore', () => this.restoreAfterLoss(daily))
      await this.step('roll back by a backup', () => this.rollBackByBackup(before))
      return await this.end()
    } finally {
      this.agents.end()
      await this.server?.kill()
    }
  }

  /** Agents append before, during and behind it; then they rest, and what the server has is compared with their ledger. */
  async step(name, does) {
    const { agents } = this
    agents.go()
    await agents.append(this.events)
    const { told, value } = await does()
    await agents.append(this.events)
    await agents.rest()
    const waited = agents.longestWaitMs()
    const { lost, doubled, unknown } = await agents.compare()
    this.wrong += lost.length + doubled.length + unknown.length
    const counts = `${agents.ledger.acknowledgedCount} acknowledged, ${lost.length} lost, ${doubled.length} doubled`
    say(`${name.padEnd(21)}  ${told}; appends waited ${waited} ms at most; ${counts}`)
    return value
  }

  async start(version, place) {
    this.server = await Server.start(version, place)
    this.agents.reach(this.server)
    return `ready after ${Math.round(this.server.readyMs)} ms`
  }

  async backUp(version, place, backup) {
    const ms = await timed(() => command(version, 'backup', place, backup))
    return { told: `taken in ${ms} ms by ${version.name}` }
  }

  async replace(version, place) {
    await this.server.stop()
    return { told: `${version.name}, ${await this.start(version, place)}` }
  }

  /** To the earlier version on the directory as it is; one that this version has written in a newer format is refused. */
  async rollBack(place) {
    await this.server.stop()
    try {
      return { told: `${this.earlier.name}, ${await this.start(this.earlier, place)}`, value: true }
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      await this.start(thisVersion, place)
      return { told: `refused with exit code ${error.code}: only by a backup`, value: false }
    }
  }

  /** The machine is gone with all that was appended since the backup. */
  async restoreAfterLoss(backup) {
    await this.server.kill()
    return this.restore(thisVersion, backup)
  }

  async rollBackByBackup(backup) {
    await this.server.stop()
    return this.restore(this.earlier, backup)
  }

  async restore(version, backup) {
    const place = this.newPlace()
    const ms = await timed(() => command(version, 'restore', backup, place, '--verify'))
    const ready = await this.start(version, place)
    await this.agents.rest()
    const { lost } = await this.agents.compare()
    await this.agents.sendAgain(lost)
    this.agents.go()
    return { told: `${version.name}, restored in ${ms} ms, ${ready}, ${lost.length} newer events sent again` }
  }

  async end() {
    await this.server.stop()
    const { acknowledgedCount } = this.agents.ledger
    const lost = this.wrong === 0 ? '0 lost, 0 doubled' : `${this.wrong} WRONG`
    say(`${acknowledgedCount} events acknowledged, ${lost}, in ${Math.round(performance.now() / 1000)} s`)
    return this.wrong === 0 ? 0 : 1
  }
}

async function timed(work) {
  const began = performance.now()
  await work()
  return Math.round(performance.now() - began)
}

function say(text) {
  process.stdout.write(`${text}\n`)
}

function asked() {
  try {
    const options = {
      from: { type: 'string' },
      in: { type: 'string' },
      events: { type: 'string' },
      help: { type: 'boolean' },
    }
    const { values } = parseArgs({ options })
    const events = Number(values.events ?? 300)
    if (!Number.isSafeInteger(events) || events < 1) throw new Error('--events has to be a whole number from 1')
    return { ...values, events }
  } catch (error) {
    throw new SetupError(`${error.message}\n\n${USAGE}`)
  }
}

await exitWith(async () => {
  const { from, in: parent = tmpdir(), events, help = false } = asked()
  if (help) {
    say(USAGE)
    return 0
  }
  const earlier = earlierVersion(from)
  const folder = mkdtempSync(join(parent, 'lighthouse-drill-'))
  say(`from ${earlier.name} to ${thisVersion.name}, while ${AGENTS} agents append`)
  const drill = new Drill(folder, earlier, events)
  const cleanUp = () => rmSync(folder, { recursive: true, force: true })
  const abandon = () => {
    drill.server?.child.kill('SIGKILL')
    cleanUp()
    process.exit(1)
  }
  process.once('SIGINT', abandon).once('SIGTERM', abandon)
  try {
    return await drill.run()
  } finally {
    cleanUp()
  }
})
