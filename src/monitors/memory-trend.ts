// Finds a leak: the least memory of each minute grows although the load does not. Pure; the caller says what time it is.
import { type Growth, growthOf, type Point } from './trend.js'

export interface MemorySample {
  readonly heapBytes: number
  readonly residentBytes: number
  /** Appends and queries since the sample before. */
  readonly work: number
}

export interface MemoryGrowth {
  readonly heap: Growth
  readonly resident: Growth
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** Less than this says nothing, and what is older than two hours no longer counts. */
export const LEAST_MINUTES = 30
const MOST_MINUTES = 120
/** The load is steady while the later half of the time has at most this much more of it than the earlier one. */
const STEADY = 1.25

interface Minute {
  readonly at: number
  heap: number
  resident: number
  work: number
}

export class MemoryTrend {
  private readonly minutes: Minute[] = []

  /** Garbage comes and goes within a minute, so of each the least counts. True when a minute is over. */
  add(sample: MemorySample, nowMs: number): boolean {
    const at = Math.floor(nowMs / MINUTE_MS)
    const last = this.minutes.at(-1)
    if (last?.at === at) {
      last.heap = Math.min(last.heap, sample.heapBytes)
      last.resident = Math.min(last.resident, sample.residentBytes)
      last.work += sample.work
      return false
    }
    this.minutes.push({ at, heap: sample.heapBytes, resident: sample.residentBytes, work: sample.work })
    if (this.minutes.length > MOST_MINUTES) this.minutes.shift()
    return last !== undefined
  }

  /** Undefined while too little is known, or while the load grows, which takes memory by right. */
  get growth(): MemoryGrowth | undefined {
    const over = this.minutes.slice(0, -1)
    if (over.length < LEAST_MINUTES || !isSteady(over)) return undefined
    const heap = growthOf(over.map(minute => pointOf(minute, minute.heap)))
    const resident = growthOf(over.map(minute => pointOf(minute, minute.resident)))
    return heap === undefined || resident === undefined ? undefined : { heap, resident }
  }
}

function pointOf({ at }: Minute, value: number): Point {
  return { hours: (at * MINUTE_MS) / HOUR_MS, value }
}

function isSteady(minutes: readonly Minute[]): boolean {
  const half = Math.floor(minutes.length / 2)
  const work = (some: readonly Minute[]) => some.reduce((sum, minute) => sum + minute.work, 0)
  return work(minutes.slice(-half)) <= work(minutes.slice(0, half)) * STEADY
}
