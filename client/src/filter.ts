// The filters and bounds of a read, and their form in a query string and in a frame. Pure.
import type { CallOptions } from './call.js'
import type { DamagedRange, Position } from './event.js'

/** One value, or several of which an event must have one. */
export type OneOrMany = string | readonly string[]

/** The fields are AND-ed, the values of one field OR-ed, the tags AND-ed. */
export interface EventFilter {
  /** Names; `*` matches any run of characters. Service streams, `$…`, match only a pattern that begins with `$`. */
  readonly streams?: OneOrMany | undefined
  /** Types; `*` matches any run of characters. */
  readonly types?: OneOrMany | undefined
  /** An event must have all of them. */
  readonly tags?: OneOrMany | undefined
  readonly agents?: OneOrMany | undefined
  readonly correlationId?: string | undefined
  readonly causationId?: string | undefined
  readonly sessionId?: string | undefined
}

export interface ReadFilter extends Omit<EventFilter, 'correlationId' | 'causationId' | 'sessionId'> {
  readonly correlationId?: OneOrMany | undefined
  readonly causationId?: OneOrMany | undefined
  readonly sessionId?: OneOrMany | undefined
}

export interface ReadRequest extends ReadFilter, CallOptions {
  /** Only events beyond this position. */
  readonly after?: Position | undefined
  /** Only events before this position. */
  readonly before?: Position | undefined
  /** Only events with this time or a later one, RFC 3339. */
  readonly since?: string | Date | undefined
  /** Only events before this time, RFC 3339. */
  readonly until?: string | Date | undefined
  /** `desc`: newest first. */
  readonly order?: 'asc' | 'desc' | undefined
  /**
   * Is called with what is passed over because it is damaged. Without it a read that comes to damage fails with
   * `DATA_CORRUPT`. After a break a range may be told again.
   */
  readonly onDamaged?: ((range: DamagedRange) => void) | undefined
  /** The read ends after this many events; without it, all that match are read. */
  readonly limit?: number | undefined
}

const PARAMETERS = {
  streams: 'stream',
  types: 'type',
  tags: 'tag',
  agents: 'agent',
  correlationId: 'correlation',
  causationId: 'causation',
  sessionId: 'session',
} as const satisfies { readonly [field in keyof ReadFilter]: string }

export function filterQuery(filter: ReadFilter): URLSearchParams {
  const query = new URLSearchParams()
  for (const [field, parameter] of Object.entries(PARAMETERS)) {
    for (const value of listOf(field, filter[field as keyof ReadFilter]) ?? []) query.append(parameter, value)
  }
  return query
}

const LISTS = ['streams', 'types', 'tags', 'agents'] as const
const TEXTS = ['correlationId', 'causationId', 'sessionId'] as const

/** The filter as a frame carries it; undefined when the filter lets every event through. */
export function filterFrame(filter: EventFilter): object | undefined {
  const given: { [field: string]: OneOrMany } = {}
  for (const field of LISTS) {
    const list = listOf(field, filter[field])
    if (list !== undefined) given[field] = list
  }
  for (const field of TEXTS) {
    const text = filter[field]
    if (text !== undefined && typeof text !== 'string') throw new TypeError(`${field} of a follow must be a text`)
    if (text !== undefined) given[field] = text
  }
  return Object.keys(given).length === 0 ? undefined : given
}

/** Refuses an empty list: it should match nothing, but in a query string it would disappear and match everything. */
function listOf(field: string, value: OneOrMany | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined
  const list = typeof value === 'string' ? [value] : value
  if (!Array.isArray(list) || list.length === 0 || !list.every(item => typeof item === 'string')) {
    throw new TypeError(`${field} must be a text or a list of at least one`)
  }
  return list
}

export function readQuery(request: ReadRequest): URLSearchParams {
  const query = filterQuery(request)
  const { after, before, since, until, order, onDamaged } = request
  if (after !== undefined) query.set('after', String(after))
  if (before !== undefined) query.set('before', String(before))
  if (since !== undefined) query.set('since', timeOf(since))
  if (until !== undefined) query.set('until', timeOf(until))
  if (order !== undefined) query.set('order', order)
  if (onDamaged !== undefined) query.set('onDamaged', 'skip')
  return query
}

function timeOf(moment: string | Date): string {
  return typeof moment === 'string' ? moment : moment.toISOString()
}

/** The limit as a number, infinite when none is given; throws a TypeError unless it is a whole number from 0. */
export function limitOf(limit: number | undefined): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY
  if (!Number.isSafeInteger(limit) || limit < 0) throw new TypeError('limit must be a whole number from 0')
  return limit
}
