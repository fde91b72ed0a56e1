// From the acknowledgement of an append to its delivery, at a steady pace: alone, and beside subscribers that do not read.
import { median, percentiles } from '../engine/figures.js'
import { makeEvents } from '../engine/workload.js'
import { residentOf } from '../http/servers.js'
import { type LiveBench, openStream, subscribed } from './bench.js'
import type { LightClient } from './light-client.js'

const PER_SECOND = 1_000
const EVENTS = makeEvents({ count: 1_000 })
const MIB = 1024 * 1024

interface Latencies {
  readonly p50: number
  readonly p99: number
}

/** Milliseconds from acknowledgement to delivery; a delivery that comes first took none. */
async function paced(bench: LiveBench, subscriber: LightClient): Promise<Latencies> {
  const writer = await openStream(bench)
  const count = Math.round(bench.seconds * PER_SECOND)
  const answered = new Map<number, number>()
  const delivered = new Map<number, number>()
  const note = (into: Map<number, number>, pattern: RegExp) => (payload: Buffer) => {
    const position = pattern.exec(payload.toString('latin1', 0, 300))?.[1]
    if (position !== undefined) into.set(Number(position), performance.now())
  }
  writer.onFrame = note(answered, /^\{"type":"appended".*?"position":(\d+)/)
  subscriber.onFrame = note(delivered, /^\{"type":"event".*?"position":(\d+)/)
  const begun = performance.now()
  for (let sent = 0; sent < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - begun) * PER_SECOND) / 1000))
    for (; sent < due; sent++) {
      writer.send(JSON.stringify({ type: 'append', id: String(sent), events: [EVENTS[sent % EVENTS.length]] }))
    }
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  while (answered.size < count || ![...answered.keys()].every(position => delivered.has(position))) {
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  writer.end()
  subscriber.onFrame = undefined
  const waits = [...answered].map(([position, at]) => Math.max(0, (delivered.get(position) as number) - at))
  return percentiles(waits)
}

export async function latencyBench(bench: LiveBench): Promise<void> {
  const { report, rounds } = bench
  report.heading(`Acknowledgement to delivery at ${PER_SECOND} events/s of 1 KB`)
  const subscriber = await openStream(bench)
  await subscribed(subscriber, { id: 's' })
  const found: Latencies[] = []
  for (let round = 0; round <= rounds; round++) found.push(await paced(bench, subscriber))
  const kept = found.slice(1)
  report.add({
    group: 'latency',
    what: 'p50',
    unit: 'ms',
    store: kept.map(({ p50 }) => p50),
    targets: [{ of: 'store', atMost: 2 }],
  })
  report.add({
    group: 'latency',
    what: 'p99',
    unit: 'ms',
    store: kept.map(({ p99 }) => p99),
    targets: [{ of: 'store', atMost: 10 }],
  })
  subscriber.end()
}

/** 100,000 frames a second, all read by this one process. */
export async function pausedBench(bench: LiveBench): Promise<void> {
  const { report, rounds, lighthouse } = bench
  report.heading(`100 healthy subscribers at ${PER_SECOND} events/s, alone and beside 100 that do not read`)
  const healthy = await many(bench, 100)
  const first = healthy[0] as LightClient
  const alone: Latencies[] = []
  for (let round = 0; round <= rounds; round++) alone.push(await paced(bench, first))
  const before = residentOf(lighthouse) ?? Number.NaN
  const paused = await many(bench, 100)
  const followed = paused.map(client => new Followed(client))
  for (const { socket } of paused) socket.pause()
  const beside: Latencies[] = []
  for (let round = 0; round <= rounds; round++) beside.push(await paced(bench, first))
  const grown = ((residentOf(lighthouse) ?? Number.NaN) - before) / MIB
  report.add({
    group: 'paused',
    what: 'p99 of the healthy, beside the paused and alone',
    unit: 'ms',
    store: beside.slice(1).map(({ p99 }) => p99),
    floor: alone.slice(1).map(({ p99 }) => p99),
    targets: [{ of: 'ratio', atMost: 1.5 }],
    detail: { 'p50 beside': median(beside.map(({ p50 }) => p50)), 'p50 alone': median(alone.map(({ p50 }) => p50)) },
  })
  report.add({
    group: 'paused',
    what: 'resident memory for 100 that do not read',
    unit: 'MiB',
    store: [grown],
    targets: [{ of: 'store', atMost: 100 }],
  })
  for (const client of healthy) client.end()
  const missed = (rounds + 1) * Math.round(bench.seconds * PER_SECOND)
  const begun = performance.now()
  for (const { socket } of paused) socket.resume()
  await Promise.all(followed.map(one => one.until(missed)))
  const seconds = (performance.now() - begun) / 1000
  report.add({
    group: 'paused',
    what: 'events to those that read again, none missed',
    unit: 'events/s',
    store: [(missed * paused.length) / seconds],
  })
  for (const client of paused) client.end()
}

/** Counts what comes, and fails at the first gap or repetition. */
class Followed {
  private count = 0
  private last: number | undefined
  private wanted = Number.POSITIVE_INFINITY
  private readonly enough: Promise<void>
  private settle: { resolve: () => void; reject: (error: Error) => void } | undefined

  constructor(client: LightClient) {
    this.enough = new Promise((resolve, reject) => {
      this.settle = { resolve, reject }
    })
    client.onFrame = payload => this.take(payload.toString('latin1', 0, 300))
  }

  until(count: number): Promise<void> {
    this.wanted = count
    if (this.count >= count) this.settle?.resolve()
    return this.enough
  }

  private take(text: string): void {
    const position = Number(/^\{"type":"event".*?"position":(\d+)/.exec(text)?.[1] ?? Number.NaN)
    if (Number.isNaN(position)) return
    if (this.last !== undefined && position !== this.last + 1) {
      this.settle?.reject(new Error(`position ${position} came behind ${this.last}`))
    }
    this.last = position
    if (++this.count === this.wanted) this.settle?.resolve()
  }
}

async function many(bench: LiveBench, count: number): Promise<LightClient[]> {
  const clients: LightClient[] = []
  for (let n = 0; n < count; n++) {
    const client = await openStream(bench)
    await subscribed(client, { id: 's' })
    clients.push(client)
  }
  return clients
}
