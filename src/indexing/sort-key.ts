// Makes a sort key of any value an event can have, and defines the order of the keys. Pure.

import { type FieldPath, valueAt } from '../contract/check/field-path.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import { parseTime } from '../contract/rfc3339.js'
import { QUERY_LIMITS } from './query-limits.js'

export type Order = 'asc' | 'desc'

/** Numbers come before texts before booleans; values without an order, and absent ones, come last in both orders. */
export type SortKey =
  | readonly [kind: 0, value: number]
  | readonly [kind: 1, value: string]
  | readonly [kind: 2, value: boolean]
  | readonly [kind: 3]

export interface SortPlace {
  readonly key: SortKey
  readonly position: Position
}

const UNORDERED: SortKey = [3]
/** Makes times before 1970 positive and all of one length, so that their texts sort as the times do. */
const TIME_OFFSET = 2n * 10n ** 24n

export function sortKeyOf(event: RecordedEvent, path: FieldPath): SortKey {
  const value = valueAt(event, path)
  if (path.field === 'occurredAt' && value !== undefined) return [1, `${parseTime(value as string) + TIME_OFFSET}`]
  if (typeof value === 'number') return [0, value]
  if (typeof value === 'string') return [1, value.slice(0, QUERY_LIMITS.sortKeyChars)]
  return typeof value === 'boolean' ? [2, value] : UNORDERED
}

/** Whether an untrusted value is a key that `sortKeyOf` could have made. */
export function isSortKey(key: unknown): key is SortKey {
  if (!Array.isArray(key)) return false
  const [kind, value] = key as unknown[]
  if (kind === 3) return key.length === 1
  if (key.length !== 2) return false
  if (kind === 0) return typeof value === 'number'
  if (kind === 1) return typeof value === 'string' && value.length <= QUERY_LIMITS.sortKeyChars
  return kind === 2 && typeof value === 'boolean'
}

/** Equal keys are ordered by ascending position in both orders, so that no two places are equal. */
export function comparePlaces(a: SortPlace, b: SortPlace, order: Order): number {
  return compareKeys(a.key, b.key, order) || a.position - b.position
}

function compareKeys(a: SortKey, b: SortKey, order: Order): number {
  const up = order === 'asc' ? 1 : -1
  if (a[0] === 3 || b[0] === 3) return a[0] === b[0] ? 0 : a[0] === 3 ? 1 : -1
  if (a[0] !== b[0]) return a[0] < b[0] ? -up : up
  if (a[1] === b[1]) return 0
  return a[1] < b[1] ? -up : up
}

/** Keeps the first `size` of all places added, in bounded memory. */
export class FirstPlaces {
  private places: SortPlace[] = []
  private seen = 0

  constructor(
    private readonly size: number,
    private readonly order: Order,
  ) {}

  add(place: SortPlace): void {
    this.seen++
    this.places.push(place)
    // Sorting now and then costs less than inserting each place where it belongs.
    if (this.places.length >= 2 * this.size + 64) this.shrink()
  }

  /** Counts all places added, those beyond `size` included. */
  get count(): number {
    return this.seen
  }

  sorted(): readonly SortPlace[] {
    this.shrink()
    return this.places
  }

  private shrink(): void {
    this.places.sort((a, b) => comparePlaces(a, b, this.order))
    this.places.length = Math.min(this.places.length, this.size)
  }
}
