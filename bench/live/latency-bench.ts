// From the acknowledgement of an append to its delivery, at a steady pace: alone, and beside subscribers that do not read.
import { median, percentiles } from '../engine/figures.js'
import { makeEvents } from '../engine/workload.js'
import { residentOf } from '../http/servers.js'
import { type LiveBench, openStream, subscribed } from './bench.js'
import type { LightClient } from './light-client.js'

const PER_SECOND = 1_000
/** A hundred subscribers make as many frames of each event, all read by this one process. */
const PER_SECOND_TO_MANY = 100
const EVENTS = makeEvents({ count: 1_000 })
const MIB = 1024 * 1024

interface Latencies {
  readonly p50: number
  readonly p99: number
}

/** Milliseconds from acknowledgement to delivery; a delivery that comes first took none. */
async function paced(bench: LiveBench, subscriber: LightClient, perSecond = PER_SECOND): Promise<Latencies> {
  const writer = await openStream(bench)
  const count = Math.round(bench.seconds * perSecond)
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
    const due = Math.min(count, Math.floor(((performance.now() - begun) * perSecond) / 1000))
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
    ...{ group: 'latency', what: 'p50', unit: 'ms', store: kept.map(({ p50 }) => p50) },
    targets: [{ of: 'store', atMost: 2 }],
  })
  report.add({
    ...{ group: 'latency', what: 'p99', unit: 'ms', store: kept.map(({ p99 }) => p99) },
    targets: [{ of: 'store', atMost: 10 }],
  })
  subscriber.end()
}

export async function pausedBench(bench: LiveBench): Promise<void> {
  const { report, rounds, lighthouse } = bench
  report.heading(`100 healthy subscribers at ${PER_SECOND_TO_MANY} events/s, alone and beside 100 that do not read`)
  const healthy = await many(bench, 100)
  const alone: Latencies[] = []
  for (let round = 0; round <= rounds; round++)
    alone.push(await paced(bench, healthy[0] as LightClient, PER_SECOND_TO_MANY))
  const before = residentOf(lighthouse) ?? Number.NaN
  const paused = await many(bench, 100)
  for (const { socket } of paused) socket.pause()
  const beside: Latencies[] = []
  for (let round = 0; round <= rounds; round++)
    beside.push(await paced(bench, healthy[0] as LightClient, PER_SECOND_TO_MANY))
  const grown = ((residentOf(lighthouse) ?? Number.NaN) - before) / MIB
  report.add({
    ...{ group: 'paused', what: 'p99 of the healthy, beside the paused and alone', unit: 'ms' },
    ...{ store: beside.slice(1).map(({ p99 }) => p99), floor: alone.slice(1).map(({ p99 }) => p99) },
    detail: { 'p50 beside': median(beside.map(({ p50 }) => p50)), 'p50 alone': median(alone.map(({ p50 }) => p50)) },
  })
  report.add({ group: 'paused', what: 'resident memory for 100 that do not read', unit: 'MiB', store: [grown] })
  for (const client of [...healthy, ...paused]) client.end()
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
