// The cursor of a query: how far it has come and up to which head, sealed to the query it belongs to. Pure.
import { hash } from 'node:crypto'
import { invalid, StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import { QUERY_LIMITS } from './query-limits.js'
import { isSortKey, type SortKey } from './sort-key.js'

export interface QueryCursor {
  /** The head when the first page was asked for: what is appended later is not part of these pages. */
  readonly head: Position
  /** In the order of positions: everything up to here has been seen. Otherwise: the last match that was answered. */
  readonly position: Position
  /** Of the last match, when the order is another one. */
  readonly key?: SortKey
}

const VERSION = 1
const SEAL_CHARS = 12
const NOT_OURS = 'is not the next of this query; send it with the where and orderBy of the first page, or leave it out'

/** `query` is the text of whatever decides which events are found in which order. */
export function writeQueryCursor({ head, position, key }: QueryCursor, query: string): string {
  const body = JSON.stringify([VERSION, head, position, ...(key === undefined ? [] : [key])])
  return Buffer.from(sealOf(body, query) + body).toString('base64url')
}

/** Refuses what this server has not written, for this query, in exactly this spelling. */
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
    // Whoever forges a seal need not write JSON.
  }
  throw notOurs()
}

function isPosition(value: unknown): value is Position {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function notOurs(): StoreError {
  return invalid('/cursor', NOT_OURS, `The cursor ${NOT_OURS}.`)
}

/** Against mistakes, not against enemies: a forged cursor finds nothing that the query alone would not. */
function sealOf(body: string, query: string): string {
  return hash('sha256', `${body}\n${query}`, 'base64url').slice(0, SEAL_CHARS)
}
