// The cursor of a query: how far it has come and up to which head, with a checksum over its query. Pure.
import { hash } from 'node:crypto'
import { invalid, StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import { QUERY_LIMITS } from './query-limits.js'
import { isSortKey, type SortKey } from './sort-key.js'

export interface QueryCursor {
  /** The head at the first page; later events belong to no page, so that the pages fit together. */
  readonly head: Position
  /** In the order of positions, everything up to here has been examined. Otherwise it is the last match answered. */
  readonly position: Position
  /** The sort key of the last match, unless the order is that of positions. */
  readonly key?: SortKey
}

const VERSION = 1
const SEAL_CHARS = 12
const NOT_OURS = 'is not the next of this query; send it with the where and orderBy of the first page, or leave it out'

/** `query` is a text of everything that decides which events are found and in which order. */
export function writeQueryCursor({ head, position, key }: QueryCursor, query: string): string {
  const body = JSON.stringify([VERSION, head, position, ...(key === undefined ? [] : [key])])
  return Buffer.from(sealOf(body, query) + body).toString('base64url')
}

/** Throws INVALID_REQUEST for any text but one that this server wrote for this query. */
export function readQueryCursor(text: string, query: string, sorted: boolean): QueryCursor {
  const bytes = Buffer.from(text, 'base64url')
  const plain = bytes.toString()
  const body = plain.slice(SEAL_CHARS)
  if (bytes.toString('base64url') !== text || sealOf(body, query) !== plain.slice(0, SEAL_CHARS)) throw notOurs()
  const [version, head, position, key] = parsed(body)
  const sound = isPosition(head) && isPosition(position) && version === VERSION && isSortKey(key) === sorted
  if (!sound) throw notOurs()
  return { head, position, ...(sorted ? { key: key as SortKey } : undefined) }
}

type CursorLimits = Readonly<Record<'cursorChars' | 'sortKeyChars', number>>

export function assertCursorFits({ cursorChars, sortKeyChars }: CursorLimits): void {
  // No character is longer in JSON than one that is escaped by its number, and no position than the greatest.
  const furthest = { head: Number.MAX_SAFE_INTEGER, position: Number.MAX_SAFE_INTEGER }
  const longest = writeQueryCursor({ ...furthest, key: [1, '\0'.repeat(sortKeyChars)] }, '')
  if (longest.length > cursorChars)
    throw new Error('limits contradict each other: the longest cursor of a query <= cursorChars')
}

// A query would refuse its own cursor.
assertCursorFits(QUERY_LIMITS)

function parsed(body: string): unknown[] {
  try {
    const value: unknown = JSON.parse(body)
    if (Array.isArray(value)) return value
  } catch {
    // A forged seal can be valid over a text that is not JSON.
  }
  throw notOurs()
}

function isPosition(value: unknown): value is Position {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function notOurs(): StoreError {
  return invalid('/cursor', NOT_OURS, `The cursor ${NOT_OURS}.`)
}

/** The seal guards against mistakes, not forgery: a forged cursor finds nothing that the query alone would not. */
function sealOf(body: string, query: string): string {
  return hash('sha256', `${body}\n${query}`, 'base64url').slice(0, SEAL_CHARS)
}
