// The service levels that a run is held to, those of the design, and how what was measured is judged by them.
import type { Rechecked } from './ledger/kept-ledgers.js'
import type { GeneratorResult } from './messages.js'
import type { LoadOperation, PlannedPhase, Profile } from './profile.js'
import { type Recorder, type RunSlice, type Times, timesOf } from './recorder.js'
import { phaseAt } from './schedule.js'

export interface LevelVerdict {
  readonly of: string
  /** What was measured, and what it may be at most. */
  readonly measured: number
  readonly bound: number
  readonly unit: string
  readonly holds: boolean
}

type Percentile = 'p50Ms' | 'p95Ms' | 'p99Ms' | 'p999Ms'

type Levels = Partial<Readonly<Record<LoadOperation, Partial<Readonly<Record<Percentile, number>>>>>>

const LEVELS: Readonly<Record<Profile['levels'], Levels>> = {
  usual: {
    append: { p50Ms: 2, p95Ms: 5, p99Ms: 10, p999Ms: 100 },
    batch: { p99Ms: 50 },
    page: { p99Ms: 100 },
    query: { p99Ms: 500 },
    deliver: { p99Ms: 100 },
  },
  // An append is as late as it may be before the service is called degraded.
  costly: { append: { p99Ms: 100 }, page: { p99Ms: 100 }, query: { p99Ms: 500 } },
}

/** After a burst, an overload, or a fault. */
export const RECOVERY_SECONDS = 30

/** So many slices on end have to be good, or one is luck. */
const GOOD_SLICES = 3

export const PERCENTILES = { p50Ms: 'p50', p95Ms: 'p95', p99Ms: 'p99', p999Ms: 'p99.9' } as const

export interface Judging {
  readonly profile: Profile
  readonly phases: readonly PlannedPhase[]
  readonly recorder: Recorder
  /** The bounds of times are so many times as large: for machines that are no servers. */
  readonly tolerance: number
}

export function atMost(of: string, measured: number, bound: number, unit: string): LevelVerdict {
  return { of, measured, bound, unit, holds: measured <= bound }
}

/** The times of each operation in the slices that count, percentile by percentile. */
export function judgedTimes(
  { profile, recorder, tolerance }: Judging,
  counts: (second: number) => boolean,
): readonly LevelVerdict[] {
  const sum = recorder.sum(counts)
  return (Object.entries(LEVELS[profile.levels]) as [LoadOperation, Partial<Record<Percentile, number>>][]).flatMap(
    ([operation, levels]) => {
      const measured = sum.measured.get(operation)
      if (measured === undefined || measured.micros.totalCount === 0) return []
      const times = timesOf(measured.micros)
      return (Object.entries(levels) as [Percentile, number][]).map(([percentile, bound]) =>
        atMost(`${operation} ${PERCENTILES[percentile]}`, times[percentile], bound * tolerance, 'ms'),
      )
    },
  )
}

/**
 * Seconds from then until the service is as it was before: three slices on end in which 95 of 100 operations take at most
 * what 99 may, and nothing is refused or unanswered. Undefined where that does not come before the end of the run.
 */
export function recoveredAfter(judging: Judging, from: number): number | undefined {
  const { recorder } = judging
  const { slices, sliceSeconds } = recorder
  const first = Math.ceil(from / sliceSeconds)
  for (let at = first; at < slices.length; at++) {
    const looked = slices.slice(at, at + GOOD_SLICES)
    const isBusy = looked.some(({ measured }) => measured.size > 0)
    if (isBusy && looked.every(slice => isGood(slice, judging))) return Math.max(0, at * sliceSeconds - from)
  }
  return undefined
}

export function isGood(slice: RunSlice, { profile, tolerance }: Judging): boolean {
  const levels = LEVELS[profile.levels]
  for (const [operation, { micros, counts }] of slice.measured) {
    if (counts.refused + counts.curt + counts.unanswered + counts.failed > 0) return false
    const bound = levels[operation]?.p99Ms
    if (bound !== undefined && timesOf(micros).p95Ms > bound * tolerance) return false
  }
  return true
}

/** Whether the slice that begins then is in a phase in which the server is not asked for more than it may be able to do. */
export function isUsual(phases: readonly PlannedPhase[], second: number): boolean {
  return phaseAt(phases, second)?.kind !== 'beyond'
}

/** The schedule was kept: nothing of it was left out, and the generators were not the ones who were late. */
export function judgedSchedule(
  results: readonly GeneratorResult[],
  late: Times,
  boundMs: number,
): readonly LevelVerdict[] {
  const sum = (of: (result: GeneratorResult) => number) => results.reduce((total, result) => total + of(result), 0)
  return [
    atMost('schedule: p99 of how late the generators sent', late.p99Ms, boundMs, 'ms'),
    atMost(
      'schedule: operations that were never sent',
      sum(({ planned, begun }) => planned - begun),
      0,
      '',
    ),
  ]
}

export function judgedStore(results: readonly GeneratorResult[]): readonly LevelVerdict[] {
  const count = (of: (result: GeneratorResult) => number) => results.reduce((total, result) => total + of(result), 0)
  return [
    atMost(
      'acknowledged events that are lost',
      count(({ check }) => check.lost.count),
      0,
      '',
    ),
    atMost(
      'events that are there twice',
      count(({ check }) => check.doubled.count),
      0,
      '',
    ),
    atMost(
      'events that are not as they were sent',
      count(({ check }) => check.changed.count),
      0,
      '',
    ),
    atMost(
      'events that nobody has sent',
      count(({ check }) => check.unknown.count),
      0,
      '',
    ),
  ]
}

/** What was whole at the end of an earlier part is whole still. */
export function judgedParts(rechecked: readonly Rechecked[]): readonly LevelVerdict[] {
  if (rechecked.length === 0) return []
  const wrong = rechecked.reduce(
    (sum, { lost, doubled, changed, unknown }) => sum + lost.count + doubled.count + changed.count + unknown.count,
    0,
  )
  return [atMost('events of earlier parts that are lost, doubled, changed or sent by nobody', wrong, 0, '')]
}
