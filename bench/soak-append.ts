// Appends at full speed for minutes and watches what must not grow: npm run bench:soak -- --minutes 10 [--max-gb 20 --segment-mb 100 --dir bench/.data].
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DEFAULTS } from '../src/backends/embedded/options.js'
import type { EventStore } from '../src/contract/event-store.js'
import { BatchSource } from './engine/append-loop.js'
import { pause } from './engine/figures.js'
import { machineFacts, residentBytes } from './engine/machine.js'
import { Report, short } from './engine/report.js'
import { openStore, removeStore } from './engine/stores.js'
import { makeEvents } from './engine/workload.js'

const WRITERS = 16
const BATCH = 10
const SAMPLE_MS = 10_000
/** Of Node itself, of the segment being written and of its lock. */
const OWN_DESCRIPTORS = 40
const MIB = 1024 * 1024
const GIB = 1024 * MIB

interface Sample {
  readonly hours: number
  readonly heapBytes: number
  readonly residentBytes: number
  readonly descriptors: number
  readonly segments: number
  readonly events: number
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    'max-gb': { type: 'string', default: '20' },
    // Small ones bring the caches that are bounded by a number of segments to their bound.
    'segment-mb': { type: 'string', default: '100' },
    dir: { type: 'string', default: 'bench/.data' },
  },
})
const minutes = Number(values.minutes)
/** The store stays whole, so its size is bounded by appending more slowly once full speed would exceed it. */
const bytesPerSecond = (Number(values['max-gb']) * GIB) / (minutes * 60)
const directory = join(values.dir, `soak-${process.pid}`)
let slowed = false

const samples = await soak()
judge(samples)

async function soak(): Promise<Sample[]> {
  const store = await openStore(directory, { segmentBytes: Number(values['segment-mb']) * 1e6 })
  const started = performance.now()
  const until = started + minutes * 60_000
  const taken: Sample[] = []
  const sampler = setInterval(() => taken.push(sample(store, started)), SAMPLE_MS)
  try {
    const source = new BatchSource(makeEvents({ count: 4_000 }), BATCH)
    await Promise.all(Array.from({ length: WRITERS }, (_, number) => write(store, source, { number, started, until })))
  } finally {
    clearInterval(sampler)
    await store.close()
    removeStore(directory)
  }
  return taken
}

async function write(
  store: EventStore,
  source: BatchSource,
  { number, started, until }: { readonly number: number; readonly started: number; readonly until: number },
): Promise<void> {
  const author = { agentId: `agent-${number}` }
  while (performance.now() < until) {
    await store.append({ events: source.next(), author })
    const allowed = ((performance.now() - started) / 1000) * bytesPerSecond
    if ((store.status().size?.bytes ?? 0) <= allowed + 256 * MIB) continue
    slowed = true
    await pause(20)
  }
}

function sample(store: EventStore, started: number): Sample {
  globalThis.gc?.()
  const taken = {
    hours: (performance.now() - started) / 3_600_000,
    heapBytes: process.memoryUsage().heapUsed,
    residentBytes: residentBytes(),
    descriptors: readdirSync('/proc/self/fd').length,
    segments: Number(store.status().details['segments']),
    events: store.head(),
  }
  const { heapBytes, descriptors, events } = taken
  const megabytes = `heap ${short(heapBytes / MIB)} MB  resident ${short(taken.residentBytes / MIB)} MB`
  process.stdout.write(
    `${short(taken.hours * 60)} min  ${megabytes}  descriptors ${descriptors}  events ${short(events)}\n`,
  )
  return taken
}

function judge(taken: readonly Sample[]): void {
  // The first quarter fills caches and compiles; what leaks goes on leaking after it.
  const settled = taken.slice(Math.floor(taken.length / 4))
  if (settled.length < 3) throw new Error('too short a run to fit a line: give it more minutes')
  const report = new Report(machineFacts(values.dir))
  report.heading(
    `Drift per hour, extrapolated from ${settled.length} samples${slowed ? ' (slowed down by --max-gb)' : ''}`,
  )
  const row = (what: string, of: (one: Sample) => number) => {
    const { slope, mean } = line(settled.map(one => [one.hours, of(one)]))
    const detail = { mean, first: of(settled[0] as Sample), last: of(settled.at(-1) as Sample) }
    report.add({
      group: 'soak',
      what,
      unit: '%/h',
      store: [(100 * slope) / mean],
      targets: [{ of: 'store', atMost: 1 }],
      detail,
    })
  }
  // What a store keeps of each sealed segment is no leak, but at full speed it would look like one.
  const kept = line(settled.map(one => [one.segments, one.heapBytes / 1024])).slope
  report.note(`heap by number of segments: ${short(kept)} KB each, ${taken.at(-1)?.segments ?? 0} at the end`)
  row('heap after collection', one => one.heapBytes / MIB)
  row('resident', one => one.residentBytes / MIB)
  // Every sealed segment that is read keeps a descriptor until the pool is full: they rise to its limit and stay there.
  const descriptors = taken.map(one => one.descriptors)
  report.add({
    group: 'soak',
    what: 'descriptors, most',
    unit: 'open',
    store: [Math.max(...descriptors)],
    targets: [{ of: 'store', atMost: DEFAULTS.openFiles + OWN_DESCRIPTORS }],
    detail: { 'per hour': line(settled.map(one => [one.hours, one.descriptors])).slope },
  })
  report.note(`${short(taken.at(-1)?.events ?? 0)} events in ${minutes} minutes`)
  report.finish('soak')
}

/** The straight line nearest to the points. */
function line(points: readonly (readonly [x: number, y: number])[]): { slope: number; mean: number } {
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  const under = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
  return { slope: over / under, mean: y }
}
