// Reads: single events, a thousand by every index, whole ranges, each beside the machine's own floor.
import { hash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { Unpackr } from 'msgpackr'
import type { EventStore, ReadRequest } from '../../src/contract/event-store.js'
import { alternate, median, percentile, percentiles } from './figures.js'
import type { Report, Target } from './report.js'
import type { Settings } from './settings.js'
import { buildStore, openStore, RARE_TAG } from './stores.js'
import { randomNumbers } from './workload.js'

const INDEXED_EVENTS = 1_000
const RANGE_EVENTS = 50_000
const REPLAY_EVENTS = 100_000
const FLOOR_CHUNK_BYTES = 1 << 20

interface Bench {
  readonly report: Report
  readonly settings: Settings
  readonly store: EventStore
  readonly directory: string
  readonly random: () => number
}

export async function readBench(report: Report, settings: Settings): Promise<void> {
  const directory = join(settings.directory, `events-${settings.size}`)
  await buildStore({ directory, events: settings.size })
  const store = await openStore(directory)
  const bench = { report, settings, store, directory, random: randomNumbers(7) }
  report.heading(
    `Single events of ${settings.size.toLocaleString('en-US')}, beside one bare read of 1.2 KB and its hash`,
  )
  await singleReads(bench)
  report.heading(`${INDEXED_EVENTS} events by every index`)
  await indexedReads(bench)
  report.heading('Ranges')
  await dataFilter(bench)
  await sequential(bench)
  await replay(bench)
  await store.close()
}

/** Times one call after the other for as long as a round lasts. */
export async function timed(milliseconds: number, call: () => Promise<unknown>): Promise<number[]> {
  const latencies: number[] = []
  for (let now = performance.now(), until = now + milliseconds; now < until; ) {
    await call()
    const done = performance.now()
    latencies.push(done - now)
    now = done
  }
  return latencies
}

async function singleReads({ report, settings, store, directory, random }: Bench): Promise<void> {
  const head = store.head()
  const place = () => 1 + Math.floor(random() * head)
  const ids: string[] = []
  while (ids.length < 2_000) ids.push((await store.find(place()))?.id as string)
  const file = new LogFile(directory)
  const milliseconds = settings.seconds * 1000
  const rounds = await alternate<number[], Record<'bare' | 'position' | 'id', () => Promise<number[]>>>(
    settings.rounds,
    {
      bare: () => timed(milliseconds, () => file.readOne(random(), 1_200)),
      position: () => timed(milliseconds, async () => (await store.find(place()))?.data),
      id: () =>
        timed(milliseconds, async () => (await store.find(ids[Math.floor(random() * ids.length)] as string))?.data),
    },
  )
  file.close()
  for (const [what, latencies] of [
    ['position', rounds.position],
    ['id', rounds.id],
  ] as const) {
    for (const [name, fraction] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const) {
      const of = (all: readonly number[][]) => all.map(round => percentile(round, fraction))
      const targets: readonly Target[] | undefined = name === 'p99' ? [{ of: 'store', atMost: 0.2 }] : undefined
      report.add({
        group: 'read',
        what: `event by ${what}, ${name}`,
        unit: 'ms',
        store: of(latencies),
        floor: of(rounds.bare),
        ...(targets === undefined ? {} : { targets }),
      })
    }
  }
}

/** The log of a store's oldest segment, read with nothing in between. */
class LogFile {
  private readonly descriptor: number
  private readonly length: number

  constructor(directory: string) {
    const folder = join(directory, 'segments')
    const name = fs
      .readdirSync(folder)
      .filter(entry => entry.endsWith('.log'))
      .sort()[0] as string
    this.descriptor = fs.openSync(join(folder, name), 'r')
    this.length = fs.fstatSync(this.descriptor).size
  }

  async readOne(where: number, bytes: number): Promise<Buffer> {
    const into = Buffer.allocUnsafe(bytes)
    await this.read(into, Math.floor(where * (this.length - bytes)))
    return hash('sha256', into, 'buffer')
  }

  /** Reads so many bytes from the start on, hashed piece by piece; the file begins again at its end. */
  async readAndHash(bytes: number, piece: number): Promise<void> {
    const into = Buffer.allocUnsafe(FLOOR_CHUNK_BYTES)
    for (let done = 0; done < bytes; done += into.length) {
      await this.read(into, done % Math.max(1, this.length - into.length))
      for (let at = 0; at + piece <= into.length; at += piece) hash('sha256', into.subarray(at, at + piece), 'buffer')
    }
  }

  close(): void {
    fs.closeSync(this.descriptor)
  }

  private read(into: Buffer, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | null, count: number) => (error === null ? resolve(count) : reject(error))
      fs.read(this.descriptor, into, 0, into.length, position, done)
    })
  }
}

export async function drain(store: EventStore, request: ReadRequest, decode: boolean): Promise<number> {
  let events = 0
  let fields = 0
  for await (const event of store.read(request)) {
    events++
    if (decode && event.data !== undefined) fields++
  }
  return decode ? fields : events
}

async function indexedReads({ report, settings, store, random }: Bench): Promise<void> {
  const head = store.head()
  const limit = INDEXED_EVENTS
  const place = () => Math.floor(random() * Math.max(1, head - 20 * limit))
  const sample = await firstOf(store, { limit: 1 })
  const span = { from: sample.timestampNs, to: (await firstOf(store, { limit: 1, order: 'desc' })).timestampNs }
  const time = () => span.from + BigInt(Math.floor(random() * 0.9 * Number(span.to - span.from)))
  const kinds: Readonly<Record<string, () => ReadRequest>> = {
    'position range': () => ({ after: place(), limit }),
    time: () => ({ since: time(), limit }),
    'stream, 1 of 200': () => ({
      filter: { streams: [`agent-${Math.floor(random() * 200)}`] },
      after: Math.floor(place() / 2),
      limit,
    }),
    'type, 1 of 9': () => ({ filter: { types: ['command.rejected'] }, after: place(), limit }),
    'tag, 1 of 8': () => ({ filter: { tags: ['team:3'] }, after: place(), limit }),
    'tag on 1,000 events of all': () => ({ filter: { tags: [RARE_TAG] }, limit }),
    'stream, newest first': () => ({
      filter: { streams: [`agent-${Math.floor(random() * 200)}`] },
      order: 'desc',
      limit,
    }),
  }
  const milliseconds = settings.seconds * 1000
  for (const [name, request] of Object.entries(kinds)) {
    const sides = {
      raw: () => timed(milliseconds, () => drain(store, request(), false)),
      decoded: () => timed(milliseconds, () => drain(store, request(), true)),
    }
    const rounds = await alternate<number[], typeof sides>(settings.rounds, sides)
    const raw = percentiles(rounds.raw.flat())
    const decoded = percentiles(rounds.decoded.flat())
    report.add({
      group: 'read',
      what: `1,000 by ${name}, decoded, p99`,
      unit: 'ms',
      store: rounds.decoded.map(round => percentile(round, 0.99)),
      targets: [{ of: 'store', atMost: 10 }],
      detail: { 'p50 ms': decoded.p50, 'raw p50 ms': raw.p50, 'raw p99 ms': raw.p99 },
    })
  }
}

async function firstOf(store: EventStore, request: ReadRequest): Promise<{ readonly timestampNs: bigint }> {
  for await (const event of store.read(request)) return { timestampNs: BigInt(event.id.split('_')[0] as string) }
  throw new Error('the store is empty')
}

async function dataFilter({ report, settings, store, random }: Bench): Promise<void> {
  const milliseconds = settings.seconds * 1000
  const call = async () => {
    let found = 0
    const after = Math.floor(random() * Math.max(1, store.head() - 10_000))
    for await (const event of store.read({ after, limit: 10_000 })) if (event.data['status'] === 'running') found++
    return found
  }
  const sides = { own: () => timed(milliseconds, call) }
  const { own } = await alternate<number[], typeof sides>(settings.rounds, sides)
  report.add({
    group: 'read',
    what: 'filter 10,000 on a data field, p99',
    unit: 'ms',
    store: own.map(round => percentile(round, 0.99)),
    targets: [{ of: 'store', atMost: 100 }],
    detail: { 'p50 ms': median(own.flat()) },
  })
}

async function sequential({ report, settings, store, directory }: Bench): Promise<void> {
  const events = Math.min(RANGE_EVENTS, store.head())
  const payloads: Buffer[] = []
  let bytes = 0
  for await (const event of store.read({ before: 4_001 })) {
    payloads.push(Buffer.from(event.packedData()))
    bytes += event.packedData().length
  }
  const unpackr = new Unpackr({ useRecords: false })
  const unpackAll = async () => {
    let kept = 0
    for (let at = 0; at < events; at++)
      if (unpackr.unpack(payloads[at % payloads.length] as Buffer) !== undefined) kept++
    return kept
  }
  const file = new LogFile(directory)
  const piece = Math.round(bytes / payloads.length) + 150
  const rate = (work: () => Promise<unknown>) => async () => {
    const started = performance.now()
    await work()
    return (events / (performance.now() - started)) * 1000
  }
  const sides = {
    unpack: rate(unpackAll),
    decoded: rate(() => drain(store, { before: events + 1 }, true)),
    raw: rate(() => drain(store, { before: events + 1 }, false)),
    bare: rate(() => file.readAndHash(events * piece, piece)),
  }
  const rounds = await alternate<number, typeof sides>(settings.rounds, sides)
  file.close()
  const required: Target = { of: 'store', atLeast: 50_000 }
  const row = (what: string, own: number[], floor: number[], ratio: number) =>
    report.add({
      group: 'read',
      what,
      unit: 'events/s',
      store: own,
      floor,
      targets: [required, { of: 'ratio', atLeast: ratio }],
    })
  row('sequential, decoded, beside bare unpack', rounds.decoded, rounds.unpack, 0.7)
  row('sequential, raw, beside bare read + hash', rounds.raw, rounds.bare, 0.5)
}

async function replay({ report, settings, store }: Bench): Promise<void> {
  const events = Math.min(REPLAY_EVENTS, store.head())
  const seconds: number[] = []
  let growth = 0
  for (let round = 0; round <= settings.rounds; round++) {
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    const started = performance.now()
    await fold(store, events)
    if (round > 0) seconds.push((performance.now() - started) / 1000)
    globalThis.gc?.()
    growth = Math.max(growth, process.memoryUsage().heapUsed - before)
  }
  report.add({
    group: 'read',
    what: `replay ${events.toLocaleString('en-US')} events`,
    unit: 's',
    store: seconds,
    targets: [{ of: 'store', atMost: 0.6 }],
    detail: { 'heap growth KB': growth / 1024 },
  })
}

/** The last status of every entity: a fold as a projection does it. */
async function fold(store: EventStore, events: number): Promise<number> {
  const state = new Map<string, unknown>()
  for await (const event of store.read({ before: events + 1 })) state.set(event.stream, event.data['status'])
  return state.size
}
