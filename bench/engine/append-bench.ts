// Appends: latency and throughput at every concurrency, each beside the machine's own floor.
import { join } from 'node:path'
import { type NewEvent, Packed } from '../../src/contract/event.js'
import type { EventStore } from '../../src/contract/event-store.js'
import { appendFor, BatchSource, type LoopResult, type LoopShape } from './append-loop.js'
import { alternate, median, percentile, percentiles } from './figures.js'
import { type BareEvents, BareFile, encodeAndWrite, encodeWhileWriting, writeOne } from './floors.js'
import type { Report, Target } from './report.js'
import type { Settings } from './settings.js'
import { BatchMeter, openStore, removeStore } from './stores.js'
import { makeEvents, PACKR, packEvents } from './workload.js'

const SHAPES: readonly LoopShape[] = [1, 10, 100].flatMap(batch => [1, 16, 256].map(writers => ({ writers, batch })))
const PACKED_SHAPES: readonly LoopShape[] = [
  { writers: 1, batch: 100 },
  { writers: 16, batch: 100 },
  { writers: 256, batch: 1 },
]

/** What is asked of throughput, where the specification asks. */
const RATES: Readonly<Record<string, readonly Target[]>> = {
  '256×1': [
    { of: 'ratio', atLeast: 0.6 },
    { of: 'store', atLeast: 2_500 },
  ],
  '1×100': [
    { of: 'ratio', atLeast: 0.7 },
    { of: 'store', atLeast: 10_000 },
  ],
  '16×100': [
    { of: 'ratio', atLeast: 0.7 },
    { of: 'store', atLeast: 10_000 },
  ],
}

interface Bench {
  readonly report: Report
  readonly settings: Settings
  readonly store: EventStore
  readonly meter: BatchMeter
  readonly file: BareFile
}

export async function appendBench(report: Report, settings: Settings): Promise<void> {
  const directory = join(settings.directory, 'append')
  removeStore(directory)
  const meter = new BatchMeter()
  const store = await openStore(directory, { meter })
  const file = BareFile.create(join(settings.directory, 'floor'))
  const bench = { report, settings, store, meter, file }
  const events = makeEvents({ count: 4_000 })
  report.heading('Append, one event of one writer: latency beside one bare write + sync of as many bytes')
  await singleLatency(bench, events)
  report.heading('Append: events/s beside bare encode + hash + write + sync in groups as large as the store’s')
  for (const shape of SHAPES) await throughput(bench, { events, bare: events }, shape, RATES[nameOf(shape)])
  report.heading('Append of payloads that are MessagePack already, beside bare hash + write + sync')
  const packed = { events: packEvents(events), bare: events.map(event => Buffer.from(PACKR.pack(event))) }
  for (const shape of PACKED_SHAPES) await throughput(bench, packed, shape, [{ of: 'ratio', atLeast: 0.7 }])
  await store.close()
  file.close()
  removeStore(directory)
}

const cpu = (rounds: readonly LoopResult[]) =>
  median(rounds.map(round => (round.cpuSeconds * 1e6) / Math.max(1, round.events)))

const nameOf = ({ writers, batch }: LoopShape) => `${writers}×${batch}`

async function singleLatency({ report, settings, store, file }: Bench, events: readonly NewEvent[]): Promise<void> {
  const milliseconds = settings.seconds * 1000
  const source = new BatchSource(events, 1)
  const { bare, own } = await alternate<LoopResult, Record<'bare' | 'own', () => LoopResult | Promise<LoopResult>>>(
    settings.rounds,
    {
      bare: () => writeOne(file, events, milliseconds),
      own: () => appendFor(store, source, { writers: 1, batch: 1 }, milliseconds),
    },
  )
  const steps = [
    { name: 'p50', fraction: 0.5, ratio: 1.5, most: 2 },
    { name: 'p95', fraction: 0.95, most: 5 },
    { name: 'p99', fraction: 0.99, ratio: 2, most: 10 },
    { name: 'p99.9', fraction: 0.999, most: 100 },
  ]
  for (const { name, fraction, ratio, most } of steps) {
    const of = (rounds: readonly LoopResult[]) => rounds.map(round => percentile(round.latencies, fraction))
    const targets: Target[] = [{ of: 'store', atMost: most }]
    if (ratio !== undefined) targets.push({ of: 'ratio', atMost: ratio })
    report.add({ group: 'append', what: `1×1 ${name}`, unit: 'ms', store: of(own), floor: of(bare), targets })
  }
}

async function throughput(
  { report, settings, store, meter, file }: Bench,
  { events, bare }: { readonly events: readonly NewEvent[]; readonly bare: BareEvents },
  shape: LoopShape,
  targets: readonly Target[] | undefined,
): Promise<void> {
  const milliseconds = settings.seconds * 1000
  const source = new BatchSource(events, shape.batch)
  meter.reset()
  // The store goes first: its warming round tells how large its groups are.
  const rounds = await alternate<LoopResult, Record<'own' | 'bare' | 'best', () => LoopResult | Promise<LoopResult>>>(
    settings.rounds,
    {
      own: () => appendFor(store, source, shape, milliseconds),
      bare: () => encodeAndWrite(file, bare, meter.eventsPerBatch, milliseconds),
      best: () => encodeWhileWriting(file, bare, meter.eventsPerBatch, milliseconds),
    },
  )
  const rate = (results: readonly LoopResult[]) => results.map(result => result.events / result.seconds)
  const latency = percentiles(rounds.own.flatMap(round => round.latencies))
  const kind = events[0]?.data instanceof Packed ? 'packed ' : ''
  report.add({
    group: 'append',
    what: `${kind}${nameOf(shape)}`,
    unit: 'events/s',
    store: rate(rounds.own),
    floor: rate(rounds.bare),
    ...(targets === undefined ? {} : { targets }),
    detail: {
      'p50 ms': latency.p50,
      'p95 ms': latency.p95,
      'p99 ms': latency.p99,
      'p99.9 ms': latency.p999,
      'CPU µs/event': cpu(rounds.own),
      'floor CPU µs/event': cpu(rounds.bare),
      'events per sync': meter.eventsPerBatch,
      'sync p50 ms': percentile(meter.syncs, 0.5),
      'ratio to encoding while writing': percentile(rate(rounds.own), 0.5) / percentile(rate(rounds.best), 0.5),
    },
  })
}
