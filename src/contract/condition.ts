// The dynamic consistency boundary: an append fails if events that its condition names already exist.
import type { Position } from './event.js'

export interface ConditionItem {
  /** Exact event types, OR-ed; absent or empty matches every type. */
  readonly types?: readonly string[]
  /** Exact tags, AND-ed; absent or empty matches every event. */
  readonly tags?: readonly string[]
}

export interface Condition {
  readonly failIfEventsMatch: { readonly items: readonly ConditionItem[] }
  /** Only events after this position count. */
  readonly after?: Position
}

export function itemMatches(
  item: ConditionItem,
  event: { readonly type: string; readonly tags: readonly string[] },
): boolean {
  if (item.types !== undefined && item.types.length > 0 && !item.types.includes(event.type)) return false
  return item.tags === undefined || item.tags.every(tag => event.tags.includes(tag))
}
