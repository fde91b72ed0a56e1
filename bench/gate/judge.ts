// What the gate concludes from intervals: a change is let through, is to be looked at, or is blocked.
import { type Interval, intervalOf } from '../pairs/comparison.js'

/** Slower than this for certain: somebody looks. */
export const LOOK_BEYOND = 1.05

/** Slower than this for certain: the change is not let through. */
export const BLOCK_BEYOND = 1.15

export type Judgement = 'good' | 'look' | 'block'

const BY_WEIGHT: readonly Judgement[] = ['good', 'look', 'block']

/** By the lower end, because only what is slower for certain may cost anybody's time. */
export function judge({ low }: Interval): Judgement {
  if (low > BLOCK_BEYOND) return 'block'
  return low > LOOK_BEYOND ? 'look' : 'good'
}

/** The ratio says more than the interval can hold: more pairs would tell. */
export function isOpen(interval: Interval): boolean {
  return judge(interval) !== judge({ ...interval, low: interval.ratio })
}

/** One figure in forty trips by chance alone, so what tripped counts as far as a second run says the same. */
export function confirmed(first: Judgement, again: Judgement): Judgement {
  return BY_WEIGHT[Math.min(BY_WEIGHT.indexOf(first), BY_WEIGHT.indexOf(again))] as Judgement
}

export function worst(judgements: readonly Judgement[]): Judgement {
  return BY_WEIGHT[Math.max(0, ...judgements.map(judgement => BY_WEIGHT.indexOf(judgement)))] as Judgement
}

/** 0 lets a change through, looked at or not; 1 blocks it; 2 when some row could not be measured, which is no consent. */
export function exitCodeOf(judgements: readonly Judgement[], failures: number): 0 | 1 | 2 {
  if (worst(judgements) === 'block') return 1
  return failures > 0 || judgements.length === 0 ? 2 : 0
}

/** Whether a commit already has what was found between two others: which of them it lies nearer to, or neither for certain. */
export function sideOf(ratios: readonly number[], whole: number): 'before' | 'after' | 'open' {
  const middle = Math.sqrt(whole)
  const { low, high } = intervalOf(ratios)
  if (low > middle) return 'after'
  return high < middle ? 'before' : 'open'
}
