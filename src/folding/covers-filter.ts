// Decides whether a token may be shown what is folded from everything a filter matches. Pure.
import { compileStreams, type EventFilter } from '../contract/filter.js'

/**
 * Whether a reader of `within` may read all that the filter can ever match. A pattern that matches the text of another
 * matches all that the other matches, because a star stands for any run of characters and no stream name holds one.
 */
export function coversFilter(within: readonly string[] | undefined, { streams }: EventFilter): boolean {
  if (within === undefined) return true
  return streams?.every(compileStreams(within)) ?? false
}
