// What a group reads and what a caller may see of it, by the stream name patterns of its owner and of the caller. Pure.
import type { Access } from '../auth/access.js'
import { type EventFilter, streamMatches } from '../contract/filter.js'
import type { Visibility } from '../contract/moment.js'
import type { Definition, Within } from './state/group-definition.js'

/** Patterns on stream names; undefined when everything may be seen. */
export type GroupScope = readonly string[] | undefined

export function scopeOf(access: Access): GroupScope {
  return access.within('streams.subscribe')
}

/** What a group that this caller defines now may read: streams that both of these scopes of the caller cover. */
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

/** The `=` keeps the key of an empty scope apart from the empty key of EVERYTHING. */
export function groupScopeKeyOf(scope: readonly string[]): string {
  return `=${scope.join('\n')}`
}

/** Takes only the first list, because a filter has room for one; isWithinGroupScope checks the others. */
export function groupFilterOf({ filter, within }: Definition): EventFilter {
  const first = within?.[0]
  return first === undefined ? filter : { ...filter, within: first }
}

/** For resolving `after` of a new group, so that it reveals nothing of streams that the group will not read. */
export function visibleWithin(within: Within): Visibility {
  return { covers: stream => within.every(list => covers(list, stream)), within: within[0] }
}

/** Checks the lists that groupFilterOf leaves out of the filter. */
export function isWithinGroupScope({ within }: Definition, stream: string): boolean {
  if (within === undefined || within.length < 2) return true
  return within.slice(1).every(list => covers(list, stream))
}

/**
 * Whether the scope covers all that the group can ever read. A pattern that matches the text of another one matches
 * every name that the other matches, because a star stands for any run of characters and no stream name holds one.
 */
export function coversAll(scope: GroupScope, { filter, within = [] }: Definition): boolean {
  if (scope === undefined) return true
  const lists = filter.streams === undefined ? within : [filter.streams, ...within]
  return lists.some(list => list.every(pattern => covers(scope, pattern)))
}
