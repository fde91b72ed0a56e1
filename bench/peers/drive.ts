// Puts a system to work for some time: appends, reads, or a writer and a reader at a steady pace.
import { percentiles } from '../engine/figures.js'
import { BATCH_CLIENTS } from './events.js'
import type { Clients, System } from './system.js'

const SEEN_PER_SECOND = 500

/** Milliseconds. */
export interface Latencies {
  readonly p50: number
  readonly p99: number
}

export interface Driven {
  readonly operations: number
  readonly seconds: number
  readonly latencies?: Latencies
}

/** Each client has its next piece of work when the last one is acknowledged. */
export async function driveAppends(clients: Clients, count: number, seconds: number): Promise<Driven> {
  const waits: number[] = []
  const begun = performance.now()
  const until = begun + seconds * 1_000
  const one = async (client: number) => {
    for (let turn = 0, now = performance.now(); now < until; turn++) {
      await clients.append(client, turn)
      const answered = performance.now()
      waits.push(answered - now)
      now = answered
    }
  }
  await Promise.all(Array.from({ length: count }, (_, client) => one(client)))
  const { p50, p99 } = percentiles(waits)
  return { operations: waits.length, seconds: (performance.now() - begun) / 1_000, latencies: { p50, p99 } }
}

/** Reads again and again; every time there is as much as there was. */
export async function driveReads(read: () => Promise<number>, seconds: number): Promise<Driven> {
  const begun = performance.now()
  let operations = 0
  do {
    operations += await read()
  } while (performance.now() - begun < seconds * 1_000)
  return { operations, seconds: (performance.now() - begun) / 1_000 }
}

/** From sending an event until the reader has it; undefined where no reader waits. */
export async function driveSeen(system: System, seconds: number): Promise<Driven | undefined> {
  const count = Math.round(seconds * SEEN_PER_SECOND)
  const sentAt: number[] = []
  const waits: number[] = []
  let enough = () => {}
  const all = new Promise<void>(resolve => {
    enough = resolve
  })
  // A reader sees what an earlier run has left as well; the numbers of a later one are higher.
  const base = Date.now() * 1_000
  const watch = system.watching(number => {
    if (number < base) return
    waits.push(performance.now() - (sentAt[number - base] as number))
    if (waits.length === count) enough()
  })
  if (watch === undefined) return undefined
  const { send, close } = await watch
  const begun = performance.now()
  const sends: Promise<unknown>[] = []
  while (sentAt.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - begun) * SEEN_PER_SECOND) / 1_000) + 1)
    while (sentAt.length < due) {
      sentAt.push(performance.now())
      sends.push(send(base + sentAt.length - 1))
    }
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  await Promise.all(sends)
  await all
  await close()
  const { p50, p99 } = percentiles(waits)
  return { operations: count, seconds: (performance.now() - begun) / 1_000, latencies: { p50, p99 } }
}

/** So many batches of each client, all of them the same for every system. */
export async function fill(system: System, batches: number): Promise<void> {
  const clients = await system.appending({ kind: 'batches', clients: BATCH_CLIENTS, way: 'msgpack' })
  const one = async (client: number) => {
    for (let turn = 0; turn < batches; turn++) await clients.append(client, turn)
  }
  await Promise.all(Array.from({ length: BATCH_CLIENTS }, (_, client) => one(client)))
  await clients.close()
}
