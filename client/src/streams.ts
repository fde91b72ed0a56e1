// Reads streams: their names, their heads, and their events by revision, page after page.
import type { CallOptions } from './call.js'
import { LighthouseError } from './errors.js'
import type { DamagedRange, EventShape, Position, RecordedEvent, Revision } from './event.js'
import { limitOf, type OneOrMany } from './filter.js'
import type { Answer, Http, HttpRequest } from './http.js'

export interface StreamHead {
  readonly stream: string
  /** The revision of its last event. */
  readonly revision: Revision
  readonly lastPosition: Position
}

type Place = Pick<RecordedEvent, 'id' | 'position' | 'revision' | 'timestamp'>

export interface StreamInfo {
  readonly stream: string
  readonly revision: Revision
  /** The number of events that are still kept. */
  readonly events: number
  /** The first event that is still kept; null when retention has removed them all. */
  readonly first: Place | null
  readonly last: Place | null
}

export interface StreamsOptions extends CallOptions {
  /** Only names that sort after this one. */
  readonly after?: string | undefined
  /** The listing ends after this many streams; without it, all are listed. */
  readonly limit?: number | undefined
}

export interface StreamReadOptions extends CallOptions {
  /** The first revision of the read, itself included. Without it: the first revision, or the last one for `desc`. */
  readonly from?: Revision | undefined
  readonly order?: 'asc' | 'desc' | undefined
  /** Is called with what is passed over because it is damaged. Without it the read fails there with `DATA_CORRUPT`. */
  readonly onDamaged?: ((range: DamagedRange) => void) | undefined
  /** The read ends after this many events; without it, at the end of the stream. */
  readonly limit?: number | undefined
}

interface StreamPage<S extends EventShape> {
  readonly events: readonly RecordedEvent<S>[]
  readonly next: Revision | null
  readonly damaged?: readonly DamagedRange[]
}

const PAGE_SIZE = 1_000

export async function streamInfo(http: Http, stream: string, options: CallOptions): Promise<StreamInfo | undefined> {
  const answer = await foundOrNot(http, { method: 'GET', path: pathOf(stream) }, options)
  return answer?.body as StreamInfo | undefined
}

/** A stream without events ends at once instead of throwing NOT_FOUND, because a stream is nothing but its events. */
export async function* readStream<S extends EventShape>(
  http: Http,
  stream: string,
  { from, order, limit, onDamaged, ...options }: StreamReadOptions,
): AsyncGenerator<RecordedEvent<S>, void, void> {
  let left = limitOf(limit)
  let at = from
  while (left > 0) {
    const query = new URLSearchParams({ limit: String(Math.min(left, PAGE_SIZE)) })
    if (at !== undefined) query.set('from', String(at))
    if (order !== undefined) query.set('order', order)
    if (onDamaged !== undefined) query.set('onDamaged', 'skip')
    const answer = await foundOrNot(http, { method: 'GET', path: `${pathOf(stream)}/events`, query }, options)
    if (answer === undefined) return
    const page = answer.body as StreamPage<S>
    for (const range of page.damaged ?? []) onDamaged?.(range)
    yield* page.events
    left -= page.events.length
    if (page.next === null) return
    at = page.next
  }
}

export async function* streamHeads(
  http: Http,
  match: OneOrMany | undefined,
  { after, limit, ...options }: StreamsOptions,
): AsyncGenerator<StreamHead, void, void> {
  let left = limitOf(limit)
  let beyond = after
  while (left > 0) {
    const query = new URLSearchParams({ limit: String(Math.min(left, PAGE_SIZE)) })
    for (const glob of typeof match === 'string' ? [match] : (match ?? [])) query.append('match', glob)
    if (beyond !== undefined) query.set('after', beyond)
    const { body } = await http.call({ method: 'GET', path: 'v1/streams', query }, options)
    const page = body as { readonly streams: readonly StreamHead[]; readonly next: string | null }
    yield* page.streams
    left -= page.streams.length
    if (page.next === null) return
    beyond = page.next
  }
}

/** Undefined for NOT_FOUND, which the server also answers for things that the token may not see. */
export async function foundOrNot(http: Http, request: HttpRequest, options: CallOptions): Promise<Answer | undefined> {
  try {
    return await http.call(request, options)
  } catch (error) {
    if (error instanceof LighthouseError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}

function pathOf(stream: string): string {
  return `v1/streams/${encodeURIComponent(stream)}`
}
