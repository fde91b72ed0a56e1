// Waits until an event matches, over plain HTTP.
import type { CallOptions } from './call.js'
import type { AnyEvent, EventShape, Position, RecordedEvent } from './event.js'
import { filterQuery, type ReadFilter } from './filter.js'
import type { Http } from './http.js'

export interface WaitRequest extends ReadFilter, CallOptions {
  /** Only events beyond this position count; without it, those beyond the head at the time of the call. */
  readonly after?: Position | undefined
  /** How long the server waits, from 0 to 50 seconds; default 30. */
  readonly timeoutSeconds?: number | undefined
  /** The answer has at most this many events, up to 10,000; default 100. */
  readonly limit?: number | undefined
}

export interface Waited<S extends EventShape = AnyEvent> {
  /** Oldest first; empty when no event matched in time. */
  readonly events: readonly RecordedEvent<S>[]
  /** Pass this as the `after` of the next wait, so that no event is missed or seen twice. */
  readonly position: Position
}

const WAIT_SECONDS = 30

export async function wait<S extends EventShape>(http: Http, request: WaitRequest): Promise<Waited<S>> {
  const { after, timeoutSeconds = WAIT_SECONDS, limit } = request
  const query = filterQuery(request)
  if (after !== undefined) query.set('after', String(after))
  if (limit !== undefined) query.set('limit', String(limit))
  query.set('timeout', String(timeoutSeconds))
  const extraMs = timeoutSeconds * 1000
  const { status, headers, body } = await http.call({ method: 'GET', path: 'v1/events/wait', query, extraMs }, request)
  if (status === 204) return { events: [], position: Number(headers.get('lighthouse-position')) }
  const { events, position } = body as Waited<S>
  return { events, position }
}
