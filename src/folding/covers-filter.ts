// Whether a token may be shown what is folded from everything a filter matches. Pure.
import { compileStreams, type EventFilter } from '../contract/filter.js'

/**
 * Whether whoever may read `within` may read all that the filter can ever match. A pattern that matches another's text
 * matches whatever that one matches: a star stands for any run of characters, and no name of a stream holds one.
 */
export function coversFilter(within: readonly string[] | undefined, { streams }: EventFilter): boolean {
  if (within === undefined) return true
  return streams?.every(compileStreams(within)) ?? false
}
