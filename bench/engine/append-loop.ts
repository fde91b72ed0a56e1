// Closed loops of appending writers: each sends its next append when the one before is acknowledged.
import type { NewEvent } from '../../src/contract/event.js'
import type { EventStore } from '../../src/contract/event-store.js'

export interface LoopShape {
  readonly writers: number
  readonly batch: number
}

export interface LoopResult {
  readonly events: number
  readonly appends: number
  readonly seconds: number
  /** Of the whole process, all threads: steadier than time on a machine that others use too. */
  readonly cpuSeconds: number
  /** Milliseconds of each append, in no order. */
  readonly latencies: number[]
}

/** What a loop took, from the making of this to its result. */
export class Stopwatch {
  readonly started = performance.now()
  private readonly cpu = process.cpuUsage()

  result(latencies: number[], eventsEach: number): LoopResult {
    const seconds = (performance.now() - this.started) / 1000
    const { user, system } = process.cpuUsage(this.cpu)
    const appends = latencies.length
    return { events: appends * eventsEach, appends, seconds, cpuSeconds: (user + system) / 1e6, latencies }
  }
}

export interface Batches {
  next(): readonly NewEvent[]
}

/** Takes batches from a pool of events, round and round. */
export class BatchSource implements Batches {
  private at = 0
  private readonly batches: readonly (readonly NewEvent[])[]

  constructor(events: readonly NewEvent[], size: number) {
    const count = Math.max(1, Math.floor(events.length / size))
    this.batches = Array.from({ length: count }, (_, at) => events.slice(at * size, (at + 1) * size))
  }

  next(): readonly NewEvent[] {
    const batch = this.batches[this.at] as readonly NewEvent[]
    this.at = (this.at + 1) % this.batches.length
    return batch
  }
}

export async function appendFor(
  store: EventStore,
  source: Batches,
  shape: LoopShape,
  milliseconds: number,
): Promise<LoopResult> {
  const latencies: number[] = []
  const stopwatch = new Stopwatch()
  const until = performance.now() + milliseconds
  const writer = async (number: number): Promise<void> => {
    const author = { agentId: `agent-${number}` }
    for (let now = performance.now(); now < until; ) {
      await store.append({ events: source.next(), author })
      const answered = performance.now()
      latencies.push(answered - now)
      now = answered
    }
  }
  await Promise.all(Array.from({ length: shape.writers }, (_, number) => writer(number)))
  return stopwatch.result(latencies, shape.batch)
}
