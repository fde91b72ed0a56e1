// What a group reads, and what of that somebody may see: patterns on stream names, of its owner and of whoever asks. Pure.
import type { Access } from '../auth/access.js'
import { type EventFilter, streamMatches } from '../contract/filter.js'
import type { Visibility } from '../contract/moment.js'
import type { Definition, Within } from './state/group-definition.js'

/** Patterns on stream names; undefined when everything may be seen. */
export type GroupScope = readonly string[] | undefined

export function scopeOf(access: Access): GroupScope {
  return access.within('streams.subscribe')
}

/** What a group may read that this caller defines now: what they may subscribe to, as far as they may manage it. */
export function withinOf(access: Access): Within {
  const lists = new Map<string, readonly string[]>()
  for (const scope of ['streams.subscribe', 'subscriptions.manage'] as const) {
    const patterns = access.within(scope)
    if (patterns === undefined) continue
    const list = [...new Set(patterns)].sort()
    lists.set(JSON.stringify(list), list)
  }
  return [...lists.values()]
}

export function covers(scope: GroupScope, stream: string): boolean {
  return scope === undefined || scope.some(pattern => streamMatches(pattern, stream))
}

/** Of scopes that cover the same by the same words. */
export function groupScopeKeyOf(scope: readonly string[]): string {
  return `=${scope.join('\n')}`
}

/** The first list is for the index, which takes one. */
export function groupFilterOf({ filter, within }: Definition): EventFilter {
  const first = within?.[0]
  return first === undefined ? filter : { ...filter, within: first }
}

/** What a group with these lists will read, to whoever asks where it begins. */
export function visibleWithin(within: Within): Visibility {
  return { covers: stream => within.every(list => covers(list, stream)), within: within[0] }
}

/** What the filter of the reading does not say: whether the stream lies within the other lists, too. */
export function isWithinGroupScope({ within }: Definition, stream: string): boolean {
  if (within === undefined || within.length < 2) return true
  return within.slice(1).every(list => covers(list, stream))
}

/**
 * Whether the scope covers all that the group can ever read. A pattern that matches another's text matches whatever
 * that one matches: a star stands for any run of characters, and no name of a stream holds one.
 */
export function coversAll(scope: GroupScope, { filter, within = [] }: Definition): boolean {
  if (scope === undefined) return true
  const lists = filter.streams === undefined ? within : [filter.streams, ...within]
  return lists.some(list => list.every(pattern => covers(scope, pattern)))
}
