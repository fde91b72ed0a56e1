// Limits what one query may request and cost; each limit has its unit in its name.
import { LIMITS } from '../contract/limits.js'

const MIB = 1024 * 1024

export const QUERY_LIMITS = Object.freeze({
  /** Levels of `and`, `or` and `not` in each other. */
  whereDepth: 16,
  whereNodes: 128,
  inValues: LIMITS.filterValues,
  valueChars: 1_024,
  /** Over all patterns of a query, because each is matched against texts that others have written. */
  likeCharsTotal: 1_024,
  /** A longer text matches no pattern. */
  likeTextChars: 16_384,
  /** A longer list meets no condition. */
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

// The patterns of a query become a filter, and the store would refuse one with more characters.
assertQueryLimits(QUERY_LIMITS)

/** What one request may use before it answers with what it has found. */
export interface ScanBudget {
  readonly events: number
  readonly ms: number
  /** Positions of the first step; the later ones are adapted to the time a step takes. */
  readonly firstWindow: number
}

export const SCAN_BUDGET: ScanBudget = Object.freeze({ events: 200_000, ms: 2_000, firstWindow: 20_000 })
