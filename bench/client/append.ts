// The process of appending.ts: appends for as long as it is told, in the way it is told, with the client it was started for.
import { pathToFileURL } from 'node:url'
import type { Lighthouse as Client, NewEvent } from '#client'
import { eachSingle } from '../peers/events.js'
import type { Took, Work } from './appending.js'
import type { Way } from './ways.js'

const AT_ONCE = 64
const BURST = 1_000

const { BENCH_URL: url = '', BENCH_TOKEN: token = '' } = process.env
const { Lighthouse } = (await import(pathToFileURL(process.argv[2] as string).href)) as {
  readonly Lighthouse: new (options: { url: string; token: string }) => Client
}
const lighthouse = new Lighthouse({ url, token })
/** As agents append: without a correlation of their own. */
const event = eachSingle(({ correlationId: _, ...rest }): NewEvent => rest)

/** Appends until the time is up, and says how many. */
const WORK: Readonly<Record<Way, (until: number) => Promise<number>>> = {
  serial: until => loop(until, turn => lighthouse.append(event(0, turn, 1))),
  'at-once': until => atOnce(until, (client, turn) => lighthouse.append(event(client, turn, AT_ONCE))),
  burst: async until => {
    let appends = 0
    while (performance.now() < until) {
      await Promise.all(Array.from({ length: BURST }, (_, at) => lighthouse.append(event(at, 0, BURST))))
      appends += BURST
    }
    return appends
  },
  appender: async until => {
    const appender = lighthouse.appender()
    const appends = await atOnce(until, (client, turn) => appender.append(event(client, turn, AT_ONCE)))
    await appender.close()
    return appends
  },
}

async function atOnce(until: number, append: (client: number, turn: number) => Promise<unknown>): Promise<number> {
  const loops = Array.from({ length: AT_ONCE }, (_, client) => loop(until, turn => append(client, turn)))
  return (await Promise.all(loops)).reduce((sum, one) => sum + one, 0)
}

async function loop(until: number, append: (turn: number) => Promise<unknown>): Promise<number> {
  let turn = 0
  while (performance.now() < until) await append(turn++)
  return turn
}

async function measured({ way, seconds }: Work): Promise<Took> {
  const begun = performance.now()
  const cpu = process.cpuUsage()
  const appends = await WORK[way](begun + seconds * 1_000)
  const { user, system } = process.cpuUsage(cpu)
  return { appends, cpuMicros: user + system, took: (performance.now() - begun) / 1_000 }
}

process.on('message', (work: Work) => {
  void measured(work).then(took => process.send?.(took))
})
process.send?.('ready')
