// Scale: the same work in stores of growing size, taking turns, and with a million streams. It must not cost more.
import { join } from 'node:path'
import type { NewEvent } from '../../src/contract/event.js'
import type { EventStore } from '../../src/contract/event-store.js'
import { appendFor, BatchSource, type LoopResult } from './append-loop.js'
import { alternate, median, percentile } from './figures.js'
import { sizesUpTo } from './open-bench.js'
import { drain, timed } from './read-bench.js'
import type { Report } from './report.js'
import type { Settings } from './settings.js'
import { buildStore, openStore, RARE_TAG } from './stores.js'
import { makeEvents, randomNumbers } from './workload.js'

const MANY_STREAMS = 1_000_000
/** The larger may cost this much more than the smallest and still count as the same: rounds differ by as much. */
const SAME = 1.25

interface Scaled {
  readonly name: string
  readonly store: EventStore
  readonly streamOf: (event: NewEvent, random: () => number) => string
}

export async function scaleBench(report: Report, settings: Settings): Promise<void> {
  const stores: Scaled[] = []
  const add = async (name: string, events: number, streams?: number) => {
    const directory = join(settings.directory, streams === undefined ? `events-${events}` : `streams-${streams}`)
    await buildStore({ directory, events, ...(streams === undefined ? {} : { streams }) })
    const streamOf: Scaled['streamOf'] =
      streams === undefined ? event => event.stream : (_, random) => `single-${Math.floor(random() * streams)}`
    stores.push({ name, store: await openStore(directory), streamOf })
  }
  for (const events of sizesUpTo(settings.size)) await add(`${events} events`, events)
  const streams = Math.min(MANY_STREAMS, settings.size)
  await add(`${streams} events in as many streams`, streams, streams)
  await appends(report, settings, stores)
  for (const [what, call] of READS) await reads(report, settings, stores, what, call)
  for (const { store } of stores) await store.close()
}

async function appends(report: Report, settings: Settings, stores: readonly Scaled[]): Promise<void> {
  report.heading('Scale: CPU per append (16 writers × 10 events), ratio to the smallest store')
  const random = randomNumbers(11)
  const pool = new BatchSource(makeEvents({ count: 4_000, seed: 5 }), 10)
  const sides = Object.fromEntries(
    stores.map(({ name, store, streamOf }) => {
      // A stream drawn anew for every event: of a million, most are met cold.
      const source = { next: () => pool.next().map(event => ({ ...event, stream: streamOf(event, random) })) }
      return [name, () => appendFor(store, source, { writers: 16, batch: 10 }, settings.seconds * 1000)]
    }),
  )
  const rounds = await alternate<LoopResult, typeof sides>(settings.rounds, sides)
  const cost = (name: string) => (rounds[name] ?? []).map(round => (round.cpuSeconds * 1e6) / Math.max(1, round.events))
  addScaled(report, stores, 'append, CPU', 'µs/event', cost)
}

type Call = (scaled: Scaled, random: () => number) => Promise<unknown>

const READS: readonly (readonly [string, Call])[] = [
  ['event by position', ({ store }, random) => store.find(1 + Math.floor(random() * store.head()))],
  ['stream head', ({ store, streamOf }, random) => store.stream(streamOf(sampleEvent(random), random))],
  ['1,000 events by a rare tag', ({ store }) => drain(store, { filter: { tags: [RARE_TAG] }, limit: 1_000 }, false)],
  [
    '100 events by stream, newest first',
    ({ store, streamOf }, random) =>
      drain(store, { filter: { streams: [streamOf(sampleEvent(random), random)] }, order: 'desc', limit: 100 }, false),
  ],
]

const SAMPLE = makeEvents({ count: 1_000, seed: 9 })

function sampleEvent(random: () => number): NewEvent {
  return SAMPLE[Math.floor(random() * SAMPLE.length)] as NewEvent
}

async function reads(
  report: Report,
  settings: Settings,
  stores: readonly Scaled[],
  what: string,
  call: Call,
): Promise<void> {
  report.heading(`Scale: ${what}, median latency, ratio to the smallest store`)
  const random = randomNumbers(13)
  const sides = Object.fromEntries(
    stores.map(scaled => [scaled.name, () => timed(settings.seconds * 1000, () => call(scaled, random))]),
  )
  const rounds = await alternate<number[], typeof sides>(settings.rounds, sides)
  addScaled(report, stores, what, 'ms', name => (rounds[name] ?? []).map(round => percentile(round, 0.5)))
}

function addScaled(
  report: Report,
  stores: readonly Scaled[],
  what: string,
  unit: string,
  figures: (name: string) => readonly number[],
): void {
  const smallest = figures(stores[0]?.name as string)
  for (const [at, { name }] of stores.entries()) {
    const own = figures(name)
    if (at === 0) report.add({ group: 'scale', what: `${what}: ${name}`, unit, store: own })
    else {
      const targets = [{ of: 'ratio', atMost: SAME }] as const
      report.add({ group: 'scale', what: `${what}: ${name}`, unit, store: own, floor: [median(smallest)], targets })
    }
  }
}
