// Turns the parameters of a query into a read request, and pointers in the store's errors back into parameters. Pure.

import { invalid } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import type { ReadRequest } from '../contract/event-store.js'
import {
  type EventFilter,
  FILTER_FIELD_LIST,
  type FILTER_FIELDS,
  type FilterFieldName,
  filterCost,
} from '../contract/filter.js'
import { LIMITS } from '../contract/limits.js'
import { knownPosition } from '../contract/moment.js'
import { type Cursor, readCursor, writeCursor } from './cursor.js'
import type { InCommon } from './known-lineage.js'

/** When undefined, events are shown as they are stored. */
export type Upcast = 'latest' | undefined

/** What a read does with damaged events: it fails there, or passes over them and names them. */
export type OnDamaged = 'fail' | 'skip'

type FilterParameter = (typeof FILTER_FIELDS)[FilterFieldName]['parameter']

/** The fields of a filter under the names that they have in a query. */
export type FilterQuery = { readonly [Parameter in FilterParameter]?: readonly string[] }

const PARAMETERS = FILTER_FIELD_LIST.map(({ name, parameter }) => ({ name, parameter: parameter as FilterParameter }))

export interface ReadQuery extends FilterQuery {
  readonly after?: Position
  readonly before?: Position
  readonly since?: string
  readonly until?: string
  readonly order?: 'asc' | 'desc'
  readonly limit?: number
  readonly cursor?: string
  readonly upcast?: Upcast
  readonly onDamaged?: OnDamaged
}

export interface ReadPlan {
  /** Without a limit. */
  readonly request: ReadRequest
  readonly upcast: Upcast
  readonly skipDamaged: boolean
  readonly order: 'asc' | 'desc'
  /** The head up to which all pages of this read go. */
  readonly head: Position
  /** The cursor of a page that begins behind a position. */
  readonly cursorAfter: (position: Position) => string
}

export function filterOf(query: FilterQuery, within: readonly string[] | undefined): EventFilter {
  const filter: { -readonly [Name in keyof EventFilter]: EventFilter[Name] } = {}
  for (const { name, parameter } of PARAMETERS) {
    const values = query[parameter]
    if (values !== undefined) filter[name] = values
  }
  if (within !== undefined) filter.within = within
  return filter
}

/**
 * `head` is the store's head now; with a cursor the head of the first page holds instead. Throws INVALID_REQUEST for a
 * position beyond it, also for one that a cursor holds from before a restore, and what `inCommon` throws.
 */
export function readPlan(
  query: ReadQuery,
  within: readonly string[] | undefined,
  head: Position,
  inCommon?: InCommon,
): ReadPlan {
  const parameters = parametersOf(query)
  const cursor = query.cursor === undefined ? undefined : readCursor(query.cursor, parameters)
  if (cursor !== undefined && query.order !== undefined && query.order !== cursor.order) {
    throw invalid('/order', 'is not the order of the cursor; leave it out or keep it')
  }
  // A reader that goes back has read what lies from `before` on.
  if (inCommon !== undefined) inCommon(Math.max(query.after ?? 0, (query.before ?? 1) - 1, cursor?.position ?? 0))
  if (query.after !== undefined) knownPosition(query.after, head)
  if (cursor !== undefined) knownPosition(cursor.position, head, '/cursor')
  const order = cursor?.order ?? query.order ?? 'asc'
  const asOf = cursor?.head ?? head
  const { since, until } = query
  const request: ReadRequest = {
    filter: filterOf(query, within),
    ...boundsOf(query, cursor, head),
    ...(since === undefined ? undefined : { since }),
    ...(until === undefined ? undefined : { until }),
    order,
  }
  const cursorAfter = (position: Position) => writeCursor({ order, position, head: asOf }, parameters)
  const skipDamaged = query.onDamaged === 'skip'
  return { request, upcast: query.upcast, skipDamaged, order, head: asOf, cursorAfter }
}

/** An answer with more events than this takes long, whatever they are. */
const COSTLY_EVENTS = 1_000

/** Whether a page may take many events: because it holds them, or because patterns leave out most that are read. */
export function isCostly({ request }: ReadPlan, limit: number): boolean {
  return limit > COSTLY_EVENTS || filterCost(request.filter ?? {}) > 1
}

function boundsOf({ after, before }: ReadQuery, cursor: Cursor | undefined, head: Position): ReadRequest {
  const lower = cursor?.order === 'asc' ? Math.max(after ?? 0, cursor.position) : after
  const upper = Math.min(before ?? Number.POSITIVE_INFINITY, upperOf(cursor, head))
  return {
    ...(lower === undefined ? undefined : { after: lower }),
    ...(upper === Number.POSITIVE_INFINITY ? undefined : { before: upper }),
  }
}

/** No bound is set while the head has not moved, because only a read without one reports what was lost beyond it. */
function upperOf(cursor: Cursor | undefined, head: Position): Position {
  if (cursor === undefined) return Number.POSITIVE_INFINITY
  if (cursor.order === 'desc') return cursor.position
  return cursor.head < head ? cursor.head + 1 : Number.POSITIVE_INFINITY
}

/** Everything that decides which events are read. The order of repeated parameters and `upcast` do not. */
function parametersOf(query: ReadQuery): string {
  const { after, before, since, until } = query
  const lists = PARAMETERS.map(({ parameter }) => query[parameter]?.toSorted() ?? null)
  return JSON.stringify([lists, after ?? null, before ?? null, since ?? null, until ?? null])
}

/** One event more than the page holds shows whether another follows; no limit where the store takes no larger one. */
export function limitBeyond(limit: number): { readonly limit?: number } {
  return limit < LIMITS.readLimitMax ? { limit: limit + 1 } : {}
}

/** Maps a pointer into a read request to one into its query: `/filter/streams/0` becomes `/stream/0`. */
export function inQuery(pointer: string): string {
  const [, filter, field = '', ...rest] = pointer.split('/')
  const parameter = PARAMETERS.find(({ name }) => name === field)?.parameter
  return filter === 'filter' ? ['', parameter ?? field, ...rest].join('/') : pointer
}

/** A Link header to the same address with the cursor of the next page. */
export function nextLink(url: string, cursor: string): string {
  return linkTo(url, 'cursor', cursor)
}

/** The pages of a stream go on at a revision and have no cursor. */
export function streamLink(url: string, from: number): string {
  return linkTo(url, 'from', String(from))
}

function linkTo(url: string, parameter: string, value: string): string {
  const at = url.indexOf('?')
  const parameters = new URLSearchParams(at < 0 ? '' : url.slice(at + 1))
  parameters.set(parameter, value)
  return `<${at < 0 ? url : url.slice(0, at)}?${parameters}>; rel="next"`
}
