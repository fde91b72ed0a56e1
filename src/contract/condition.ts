// The dynamic consistency boundary: an append that fails if events of a kind already exist.
import type { Position } from './event.js'

export interface ConditionItem {
  /** Exact event types, OR-ed; absent or empty matches every type. */
  readonly types?: readonly string[]
  /** Exact tags, AND-ed; absent or empty matches every event. */
  readonly tags?: readonly string[]
}

export interface Condition {
  readonly failIfEventsMatch: { readonly items: readonly ConditionItem[] }
  /** Only events beyond this position count. */
  readonly after?: Position
}

export function itemMatches(
  item: ConditionItem,
  event: { readonly type: string; readonly tags: readonly string[] },
): boolean {
  if (item.types !== undefined && item.types.length > 0 && !item.types.includes(event.type)) return false
  return item.tags === undefined || item.tags.every(tag => event.tags.includes(tag))
}
