// Whether the memory of the server grows while load goes on: looked at after collections, and told as percent an hour.
import { setTimeout as wait } from 'node:timers/promises'
import type { OwnServer } from '../machine/own-server.js'
import { atMost, type LevelVerdict } from './levels.js'

export interface MemoryPoint {
  /** Since the beginning. */
  readonly second: number
  /** In use after a collection. */
  readonly heapBytes: number
  /** Outside the heap, and held by objects of it. */
  readonly externalBytes: number
  readonly residentBytes: number
}

export interface HeapGrowth {
  readonly points: readonly MemoryPoint[]
  /** Of the last half of the run, in percent an hour; undefined where there are too few points for one. */
  readonly heapPercentPerHour: number | undefined
  readonly residentPercentPerHour: number | undefined
}

/** So often, or as often as makes `POINTS` of a long run: each stops the server for as long as a collection takes. */
const LEAST_SECONDS = 20
const POINTS = 36
const FEWEST = 3
const LEAST_JUDGED_SECONDS = 1_200
const MOST_PERCENT_PER_HOUR = 1

/** Looks until the run is over. */
export async function watchMemory(own: OwnServer, seconds: number, elapsed: () => number): Promise<MemoryPoint[]> {
  const points: MemoryPoint[] = []
  const every = Math.max(LEAST_SECONDS, seconds / POINTS)
  for (let second = every; second < seconds; second += every) {
    await wait(Math.max(0, second - elapsed()) * 1_000, undefined, { ref: false })
    const memory = await own.memory()
    if (memory === undefined) continue
    const { heapUsed, external, rss } = memory
    points.push({ second: elapsed(), heapBytes: heapUsed, externalBytes: external, residentBytes: rss })
  }
  return points
}

export function heapGrowthOf(points: readonly MemoryPoint[], seconds: number): HeapGrowth {
  const last = points.filter(({ second }) => second >= seconds / 2)
  const percent = (of: (point: MemoryPoint) => number) =>
    percentPerHour(last.map(point => [point.second, of(point)] as const))
  return {
    points,
    heapPercentPerHour: percent(({ heapBytes }) => heapBytes),
    residentPercentPerHour: percent(({ residentBytes }) => residentBytes),
  }
}

/** What a short run says of an hour is no more than what happens to be under way. */
export function judgedGrowth({ points, heapPercentPerHour }: HeapGrowth, seconds: number): readonly LevelVerdict[] {
  if (points.length === 0 || seconds < LEAST_JUDGED_SECONDS) return []
  const measured = Math.round((heapPercentPerHour ?? Number.POSITIVE_INFINITY) * 100) / 100
  return [atMost('growth of the heap in the last half', measured, MOST_PERCENT_PER_HOUR, '%/h')]
}

/**
 * The median of the slopes between all pairs of points (Theil and Sen), of the median of what they are: what happens to
 * be under way when one of them is taken moves neither.
 */
function percentPerHour(points: readonly (readonly [second: number, bytes: number])[]): number | undefined {
  if (points.length < FEWEST) return undefined
  const slopes = points.flatMap(([second, bytes], at) =>
    points.slice(at + 1).map(([later, then]) => (then - bytes) / (later - second)),
  )
  return ((medianOf(slopes) * 3_600) / medianOf(points.map(([, bytes]) => bytes))) * 100
}

function medianOf(figures: readonly number[]): number {
  const sorted = [...figures].sort((one, other) => one - other)
  const half = Math.floor(sorted.length / 2)
  const upper = sorted[half] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2
}
