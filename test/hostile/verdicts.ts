// What a trial must show, each figure with its limit.
import type { TrialReport } from './trial.js'

export interface Verdict {
  readonly what: string
  readonly found: number
  readonly limit: number
  readonly holds: boolean
}

const LOOP_P99_MS = 50
const LOOP_MAX_MS = 250
/** Of the processor: what is left of a delay when the machine was not busy with somebody else. */
const WORK_MAX_MS = 250
const SLOWER_TIMES = 5
/** A run without attackers can be so fast that five times its time is still nothing anybody would notice. */
const NOTICED_MS = 5
const PEAK_MB = 200
/** What a busy server keeps for the next time: its heap grows with use, and is given back late. */
const KEPT_MB = 50

export function verdictsOf({ loop, honest, residentMb, lost, exits, exitCode }: TrialReport): Verdict[] {
  const { alone, beside } = honest
  const delay = loop.beside?.delayMs
  const errors = [alone, beside].flatMap(({ errors }) => Object.values(errors)).reduce((sum, count) => sum + count, 0)
  const missed = beside.followed.expected - beside.followed.delivered
  const found: readonly (readonly [string, number, number])[] = [
    ['delay of the event loop, p99, ms', delay?.p99 ?? Number.NaN, LOOP_P99_MS],
    ['delay of the event loop, max, ms', delay?.max ?? Number.NaN, LOOP_MAX_MS],
    ['work of the loop in one piece, max, ms of the processor', loop.beside?.workMs ?? Number.NaN, WORK_MAX_MS],
    ['honest appends, p99, ms', beside.appendMs.p99, SLOWER_TIMES * Math.max(alone.appendMs.p99, NOTICED_MS)],
    ['resident memory, peak, MB', residentMb.peak, residentMb.before + PEAK_MB],
    ['resident memory, afterwards, MB', residentMb.after, residentMb.before + KEPT_MB],
    ['honest errors', errors, 0],
    ['acknowledged events that were not delivered', missed, 0],
    ['acknowledged events lost', lost, 0],
    ['exits of the process', exits, 0],
    ['exit code when asked to end', exitCode ?? Number.NaN, 0],
  ]
  return found.map(([what, value, limit]) => ({ what, found: value, limit, holds: value <= limit }))
}
