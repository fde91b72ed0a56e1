// What one query may ask and cost, each limit with its unit in its name.
import { LIMITS } from '../contract/limits.js'

const MIB = 1024 * 1024

export const QUERY_LIMITS = Object.freeze({
  /** Of `and`, `or` and `not` within each other. */
  whereDepth: 16,
  whereNodes: 128,
  inValues: LIMITS.filterValues,
  valueChars: 1_024,
  /** All patterns of a query together: each is held against texts that others have written. */
  likeCharsTotal: 1_024,
  /** A longer text is like nothing. */
  likeTextChars: 16_384,
  /** A longer list holds nothing that a condition could find. */
  listItems: 10_000,
  selectFields: 64,
  /** At least the longest that is written: query-cursor.ts asserts it. */
  cursorChars: 2_304,
  /** Of a text by which is sorted; what follows does not count. */
  sortKeyChars: 256,
  limitDefault: LIMITS.readLimitDefault,
  limitMax: LIMITS.readLimitMax,
  pageBytes: 8 * MIB,
})

export function assertQueryLimits({ likeCharsTotal }: typeof QUERY_LIMITS): void {
  if (likeCharsTotal > LIMITS.filterGlobChars)
    throw new Error('limits contradict each other: likeCharsTotal <= filterGlobChars')
}

// A query's patterns become a filter, which the store would refuse.
assertQueryLimits(QUERY_LIMITS)

/** What one request may use before it answers with what it has. */
export interface ScanBudget {
  readonly events: number
  readonly ms: number
  /** Positions of the first step; later ones grow and shrink with the time they take. */
  readonly firstWindow: number
}

export const SCAN_BUDGET: ScanBudget = Object.freeze({ events: 200_000, ms: 2_000, firstWindow: 20_000 })
