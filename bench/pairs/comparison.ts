// What two sides measured in pairs say together: the ratio of each pair, and the interval in which the true one lies.
import { median } from '../engine/figures.js'

/** Slower by more than this is a defect. */
export const SLOWER_THAN = 1.03

/** Two-sided 95 % of Student's t by degrees of freedom, from 1 on. */
const STUDENT = [
  ...[12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228],
  ...[2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086],
  ...[2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042],
] as const
const STUDENT_BEYOND = 1.96

export type Verdict = 'slower' | 'faster' | 'not slower' | 'open'

export interface Interval {
  /** Geometric mean of the ratios; above 1 the second side is the slower one. */
  readonly ratio: number
  readonly low: number
  readonly high: number
}

export interface Comparison extends Interval {
  readonly before: number
  readonly after: number
  /** Of each pair, in the order they were measured. */
  readonly ratios: readonly number[]
  readonly verdict: Verdict
}

/** `slower` and `faster` only when the whole interval lies beyond the margin; `open` when it holds both. */
export function compare(
  before: readonly number[],
  after: readonly number[],
  better: 'more' | 'less',
  margin = SLOWER_THAN,
): Comparison {
  const ratios = before.map((figure, pair) => {
    const other = after[pair] as number
    return better === 'more' ? figure / other : other / figure
  })
  const interval = intervalOf(ratios)
  return {
    before: median(before),
    after: median(after),
    ratios,
    ...interval,
    verdict: verdictOf(interval, margin),
  }
}

/** Pairs are independent of each other, so the logarithms of their ratios are taken to be normal. */
export function intervalOf(ratios: readonly number[]): Interval {
  const logs = ratios.map(Math.log)
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / Math.max(1, logs.length - 1)
  const reach =
    logs.length < 2
      ? Number.POSITIVE_INFINITY
      : (STUDENT[logs.length - 2] ?? STUDENT_BEYOND) * Math.sqrt(variance / logs.length)
  return { ratio: Math.exp(mean), low: Math.exp(mean - reach), high: Math.exp(mean + reach) }
}

function verdictOf({ low, high }: Interval, margin: number): Verdict {
  if (low > margin) return 'slower'
  if (high < 1 / margin) return 'faster'
  return high <= margin ? 'not slower' : 'open'
}
