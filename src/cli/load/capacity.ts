// How much the server can take: found out in a closed loop before an overload, and reckoned from a run's figures after it.
import { Lighthouse, LighthouseError } from '#client'
import { EventSource } from './ledger/event-source.js'
import type { Sample } from './watch.js'

export interface Capacity {
  /** Events that were stored in a second, on average. */
  readonly eventsPerSecond: number
  /** Processor seconds that the server takes for a thousand of them. */
  readonly cpuSecondsPerThousand: number
  /** What one core of this kind could store at that price. */
  readonly eventsPerSecondAndCore: number
  /** How many cores the server kept busy. */
  readonly cores: number
  readonly bytesPerEvent: number
  readonly bytesPerDay: number
  /** Until the volume is full at this rate; undefined where that cannot be looked up from here. */
  readonly daysLeft: number | undefined
}

const CONNECTIONS = 8

interface AskedLoad {
  readonly url: string
  readonly token: () => Promise<string>
  readonly base: string
  readonly batch: number
  readonly seconds: number
}

/** Batches a second, each connection with its next when the last is answered, once that has gone on for half of the time. */
export async function takenInClosedLoop({ url, token, base, batch, seconds }: AskedLoad): Promise<number> {
  const lighthouse = new Lighthouse({ url, token, retry: false })
  const source = new EventSource(`${base}/capacity`, {
    seed: 'capacity',
    agents: 10,
    largeShare: 0,
    about: 4_000,
    start: new Date().toISOString(),
  })
  const counted = performance.now() + seconds * 500
  const end = counted + seconds * 500
  let taken = 0
  const connection = async () => {
    while (performance.now() < end) {
      const events = Array.from({ length: batch }, () => source.next(0).event)
      try {
        await lighthouse.append(events)
        if (performance.now() >= counted) taken++
      } catch (error) {
        if (!(error instanceof LighthouseError && error.retryable)) throw error
      }
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  return taken / ((performance.now() - counted) / 1_000)
}

/** Undefined where nothing was stored while somebody looked. */
export function capacityOf(samples: readonly Sample[], freeBytes: number | undefined): Capacity | undefined {
  const seen = samples.filter(({ answeredMs }) => answeredMs !== undefined)
  const [first, last] = [seen[0], seen.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const seconds = last.second - first.second
  const events = last.head - first.head
  const cpu = spentBy(seen)
  if (!(seconds > 0) || events <= 0) return undefined
  const bytesPerEvent = (last.logBytes - first.logBytes) / events
  const eventsPerSecond = events / seconds
  const bytesPerDay = bytesPerEvent * eventsPerSecond * 86_400
  return {
    eventsPerSecond,
    cpuSecondsPerThousand: (cpu / events) * 1_000,
    eventsPerSecondAndCore: events / cpu,
    cores: cpu / seconds,
    bytesPerEvent,
    bytesPerDay,
    daysLeft: freeBytes === undefined || bytesPerDay <= 0 ? undefined : freeBytes / bytesPerDay,
  }
}

/** A server that was brought up again begins at nothing. */
function spentBy(seen: readonly Sample[]): number {
  let spent = 0
  for (const [index, { cpuSeconds }] of seen.entries()) {
    const before = seen[index - 1]?.cpuSeconds ?? cpuSeconds
    spent += cpuSeconds >= before ? cpuSeconds - before : cpuSeconds
  }
  return spent
}
