// Whether a token may be shown what is folded from everything a filter matches. Pure.
import type { EventFilter } from '../../contract/filter.js'
import { streamMatches } from '../../contract/filter.js'

/**
 * `within`: the patterns the token may read, undefined for all there is. Each pattern of the filter is matched by one of
 * them as text: names hold no `*`, so a star of the filter is only ever matched by a star, and whatever stands for it
 * is matched by that, too.
 */
export function maySeeLive(
  { streams }: EventFilter & { readonly streams: readonly string[] },
  within: readonly string[] | undefined,
): boolean {
  return within === undefined || streams.every(asked => within.some(pattern => streamMatches(pattern, asked)))
}
