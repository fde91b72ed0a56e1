// `lighthouse load`: agents' load by a profile against a server, judged by the service levels, with a report for people and one for programs.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RealDisk } from '../../backends/embedded/engine/disk/real-disk.js'
import type { Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import { OwnServer } from '../machine/own-server.js'
import { reportJson } from '../report-json.js'
import { isOfThisMachine, type Wish } from '../server/address.js'
import { numberFrom } from '../server/options.js'
import { inTable } from '../server/print.js'
import { PATIENT, withServer } from '../server/server.js'
import { Usage } from '../usage-error.js'
import { takenInClosedLoop } from './capacity.js'
import { faultsFrom } from './faults.js'
import { nextPart } from './ledger/kept-ledgers.js'
import { reportPage } from './page.js'
import { isCalibrated, isProfile, PROFILES, type Profile, planned } from './profile.js'
import type { AskedLoad, Report } from './report.js'
import { requireRoom } from './room.js'
import { freeBytesOf, type LoadPart, runLoad, type Target, type WantedLoad } from './run-load.js'

interface LoadWish extends Wish {
  readonly url?: string
  readonly profile: string
  readonly duration: string
  readonly scale: string
  readonly seed: string
  readonly faults: string
  readonly out?: string
  readonly data: string
  readonly store?: string
  readonly clock: string
  readonly recheck?: boolean
  readonly late: string
  readonly tolerance: string
  readonly yes?: boolean
  readonly json?: boolean
}

const LONGEST_SECONDS = 400_000
const MOST_SCALE = 1_000
const LONGEST_CALIBRATION = 10

/** All that is asked of a run but where: checked before a server is brought up. */
interface Trial {
  readonly asked: AskedLoad
  readonly profile: Profile
  readonly out: string
  readonly lateMs: number
  /** Ledgers of the generators lie there while it lasts. */
  readonly directory: string
  readonly part: LoadPart | undefined
  readonly say: (line: string) => void
}

export async function load(wish: LoadWish, terminal: Terminal): Promise<number> {
  const trial = trialOf(wish, terminal)
  const { server = wish.url } = wish
  const named = server !== undefined || wish.context !== undefined
  if (!named && wish.token !== undefined) throw new Usage('--token is for a server: give --server, or --context')
  if (named && /kill/.test(wish.faults))
    throw new Usage('--faults kill is for a server of its own, and not for one that others may depend on')
  if (named && wish.store !== undefined) throw new Usage('--store is for a server of its own: give one of both')
  if (named && Number(wish.clock) !== 1) throw new Usage('--clock is for a server of its own')
  if (wish.store !== undefined && Number(wish.clock) !== 1)
    throw new Usage('--clock begins at the time of this machine, which is over in the --store of an earlier part')
  if (wish.recheck === true && wish.store === undefined) throw new Usage('--recheck looks at the parts of --store')
  const report = named
    ? await ofServer(server === undefined ? wish : { ...wish, server }, trial, terminal)
    : await ofItsOwn(wish, trial)
  mkdirSync(trial.out, { recursive: true })
  writeFileSync(join(trial.out, 'report.json'), `${reportJson(report)}\n`)
  writeFileSync(join(trial.out, 'report.html'), reportPage(report))
  await terminal.out(wish.json ? reportJson(shortOf(report, trial.out)) : inWords(report, trial.out))
  return report.holds ? EXIT.clean : EXIT.no
}

function trialOf(wish: LoadWish, terminal: Terminal): Trial {
  const { profile: name, seed, faults } = wish
  if (!isProfile(name)) throw new Usage(`there is no profile ${name}; these are: ${Object.keys(PROFILES).join(', ')}`)
  if (!/^[\w.-]{1,64}$/.test(seed)) throw new Usage('--seed takes a number or a word of at most 64 characters')
  const duration = numberFrom('duration', wish.duration)
  if (duration < 1 || duration > LONGEST_SECONDS)
    throw new Usage(`--duration takes a number from 1 to ${LONGEST_SECONDS}, and not ${duration}`)
  const clock = factorFrom('clock', wish.clock)
  const seconds = duration / clock
  if (seconds < 1) throw new Usage(`--duration is over in less than a second by a clock of ${clock}`)
  faultsFrom(faults, seconds)
  const scale = factorFrom('scale', wish.scale)
  const tolerance = factorFrom('tolerance', wish.tolerance)
  return {
    asked: { profile: name, seconds, clock, scale, seed, faults, tolerance },
    profile: PROFILES[name],
    out: wish.out ?? `load-${name}`,
    lateMs: numberFrom('late', wish.late),
    directory: wish.data,
    part: undefined,
    say: line => terminal.err(line),
  }
}

function factorFrom(option: string, text: string): number {
  const factor = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && factor > 0 && factor <= MOST_SCALE) return factor
  throw new Usage(`--${option} takes a number above 0 and up to ${MOST_SCALE}, and not ${JSON.stringify(text)}`)
}

/** What is written stays written, so a server that others may depend on is asked for twice. */
function ofServer(wish: Wish & { readonly yes?: boolean }, trial: Trial, terminal: Terminal): Promise<Report> {
  return withServer(
    wish,
    terminal,
    async ({ lighthouse, address: { url, token } }) => {
      if (wish.yes !== true && !isOfThisMachine(url))
        throw new Usage(`it writes events that stay, and ${url} is not this machine: say --yes if that is meant`)
      const { agentId } = await lighthouse.whoami()
      return onTarget({ url, token, base: baseOf(agentId), own: undefined, fileSystem: undefined }, trial)
    },
    PATIENT,
  )
}

async function ofItsOwn({ data, store, recheck = false }: LoadWish, given: Trial): Promise<Report> {
  const { settings } = given.profile
  const own = await (store === undefined
    ? OwnServer.start(data, settings, given.asked.clock)
    : OwnServer.on(storeBelow(store), settings))
  try {
    const trial = store === undefined ? given : partOf(store, { trial: given, rechecks: recheck })
    const fileSystem = await new RealDisk().fileSystem(own.directory)
    return await onTarget({ url: own.url, token: () => own.token(), base: baseOf('operator'), own, fileSystem }, trial)
  } finally {
    await own.remove()
  }
}

function storeBelow(directory: string): string {
  const store = join(directory, 'store')
  mkdirSync(store, { recursive: true })
  return store
}

interface Continuing {
  readonly trial: Trial
  readonly rechecks: boolean
}

function partOf(directory: string, { trial, rechecks }: Continuing): Trial {
  const { number, directory: ledgers } = nextPart(directory)
  return { ...trial, directory: ledgers, part: { number, directory, rechecks } }
}

const baseOf = (agentId: string) => `agent_${agentId}/load-${Date.now().toString(36)}`

async function onTarget(target: Target, { asked, profile, lateMs, directory, part, say }: Trial): Promise<Report> {
  const { seconds, clock, scale, faults } = asked
  say(`${asked.profile}: ${profile.says}`)
  if (clock !== 1) say(inDrivenTime(asked))
  const capacity = isCalibrated(profile) ? await calibrated(target, { profile, seconds, say }) : 0
  const phases = planned(profile, { seconds, scale: scale * clock, capacity })
  const freeBytes = await freeBytesOf(target.own)
  if (freeBytes !== undefined) requireRoom(profile, phases, freeBytes)
  const wanted: WantedLoad = {
    asked,
    profile,
    phases,
    faults: faultsFrom(faults, seconds),
    lateMs,
    directory,
    part,
    say,
  }
  return runLoad(target, wanted)
}

/** What was not waited for is not said to have been. */
function inDrivenTime({ seconds, clock }: AskedLoad): string {
  const hours = (time: number) => Math.round((time / 3_600) * 100) / 100
  return `under a driven clock: ${hours(seconds * clock)} h pass for the server in ${hours(seconds)} h here, with the events of the longer time`
}

interface Calibrating {
  readonly profile: Profile
  readonly seconds: number
  readonly say: (line: string) => void
}

async function calibrated({ url, token, base }: Target, { profile, seconds, say }: Calibrating): Promise<number> {
  const { batch } = profile
  const long = Math.min(LONGEST_CALIBRATION, Math.max(2, seconds / 6))
  const found = await takenInClosedLoop({ url, token, base, batch, seconds: long })
  say(`in a closed loop it takes ${Math.round(found)} operations of ${batch} events a second`)
  return found
}

/** Without what is for plots alone. */
function shortOf({ series: _, samples: __, ...report }: Report, out: string) {
  return { ...report, out }
}

function inWords({ asked, verdicts, operations, schedule, store, holds }: Report, out: string): string {
  const rows = operations.map(({ operation, phases, counts, times }) => [
    phases === 'usual' ? operation : `${operation}, beyond`,
    counts.done,
    counts.events,
    counts.refused + counts.curt,
    times.p50Ms,
    times.p99Ms,
    times.maxMs,
  ])
  const judged = verdicts.map(({ of, measured, bound, unit, holds: does }) => {
    const found = Number.isFinite(measured) ? measured : 'never'
    return [does ? 'ok' : 'NO', of, found, `<= ${bound}`, unit]
  })
  return [
    ...(asked.clock === 1 ? [] : [inDrivenTime(asked), `written from ${store.writtenFrom} to ${store.writtenTo}`]),
    `${schedule.begun} of ${schedule.planned} operations sent, 99 of 100 at most ${schedule.late.p99Ms} ms late`,
    `${store.acknowledged} events acknowledged, ${store.suspects.lost} lost, ${store.suspects.doubled} doubled, ${store.suspects.changed} changed`,
    '',
    inTable(['', 'DONE', 'EVENTS', 'REFUSED', 'MEDIAN MS', 'P99 MS', 'MAX MS'], rows),
    '',
    inTable(['', 'VERDICT', 'MEASURED', 'BOUND', ''], judged),
    '',
    holds ? 'every verdict holds' : 'not every verdict holds',
    `The report: ${join(out, 'report.html')} and ${join(out, 'report.json')}`,
  ].join('\n')
}
