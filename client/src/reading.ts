// Reads events as lines and resumes behind the last one after a break, so each event comes once, in order, to the end.
import { type CallOptions, Patience } from './call.js'
import { LighthouseError, NetworkError } from './errors.js'
import type { AnyEvent, DamagedRange, EventShape, Position, RecordedEvent } from './event.js'
import { limitOf, type ReadRequest, readQuery } from './filter.js'
import type { Http } from './http.js'
import { damagedRangeOf, frameOf, linesOf } from './lines.js'
import { errorOfProblem } from './problem.js'
import { pause } from './retry.js'
import type { Body } from './transport.js'

/** The server accepts no larger limit in one request. */
const MOST_AT_ONCE = 10_000

const LINEAGE = 'lighthouse-lineage'

/** The read ends at the head that its last request saw. */
export function readEvents<S extends EventShape>(
  http: Http,
  request: ReadRequest,
): AsyncGenerator<RecordedEvent<S>, void, void> {
  return readAll(
    http,
    () => new Reading('v1/events', request),
    event => event as RecordedEvent<S>,
  )
}

export interface ExportRequest extends CallOptions {
  /** Only events beyond this position; without it, all. */
  readonly after?: Position | undefined
}

/** Every event as a line of which another store is made, and the last line, which tells that the export is whole. */
export async function* exportLines(http: Http, request: ExportRequest): AsyncGenerator<string, void, void> {
  const reading = new Reading('v1/export', request)
  let count = 0
  for await (const line of readAll(
    http,
    () => reading,
    (_, line) => line,
  )) {
    count++
    yield line
  }
  yield JSON.stringify({ type: 'end', position: reading.head, count })
}

/** What is made of an event and of the line it came in. */
type Shown<T> = (event: RecordedEvent, line: string) => T

/** A wrong argument is thrown by the iteration and not before it, so the reading is begun there. */
async function* readAll<T>(http: Http, begin: () => Reading, shown: Shown<T>): AsyncGenerator<T, void, void> {
  const reading = begin()
  for (let failures = 0; !reading.done; ) {
    try {
      yield* requestOnce(http, reading, shown)
      failures = 0
    } catch (error) {
      if (!(error instanceof LighthouseError)) throw error
      failures = reading.came ? 1 : failures + 1
      const delay = http.retry.after(failures, error)
      if (delay === undefined) throw error
      await pause(delay, reading.request.signal)
    }
  }
}

export interface PageRequest extends ReadRequest {
  readonly cursor?: string | undefined
}

export interface EventsPage<S extends EventShape = AnyEvent> {
  readonly events: readonly RecordedEvent<S>[]
  /** The cursor of the next page; null on the last page. */
  readonly next: string | null
  /** All pages of this walk end at this head, so events stored meanwhile do not move the end. */
  readonly head: Position
  /** What was passed over because it is damaged; only where the request has `onDamaged`. */
  readonly damaged?: readonly DamagedRange[] | undefined
}

export async function readPage<S extends EventShape>(http: Http, request: PageRequest): Promise<EventsPage<S>> {
  const query = readQuery(request)
  if (request.limit !== undefined) query.set('limit', String(request.limit))
  if (request.cursor !== undefined) query.set('cursor', request.cursor)
  const page = (await http.call({ method: 'GET', path: 'v1/events', query }, request)).body as EventsPage<S>
  for (const range of page.damaged ?? []) request.onDamaged?.(range)
  return page
}

/** How far a read has come, from which the next request is made. */
class Reading {
  left: number
  done: boolean
  /** Whether the last request returned any event: after progress, the count of failures starts again. */
  came = false
  /** That of the first answer, which is sent back with every further request of this read. */
  lineage: string | undefined
  /** The head at which the last request ended. */
  head: unknown
  private last: Position | undefined

  constructor(
    readonly path: 'v1/events' | 'v1/export',
    readonly request: ReadRequest,
  ) {
    this.left = limitOf(request.limit)
    this.done = this.left === 0
    // A wrong argument should throw before the first request is sent.
    readQuery(request)
  }

  get options(): CallOptions {
    return this.request
  }

  /** The query of the next request; `limit` is undefined when it has none. */
  next(): { readonly query: URLSearchParams; readonly limit: number | undefined } {
    const { request, last, left } = this
    const bound = last === undefined ? {} : request.order === 'desc' ? { before: last } : { after: last }
    const query = readQuery({ ...request, ...bound })
    const limit = left === Number.POSITIVE_INFINITY ? undefined : Math.min(left, MOST_AT_ONCE)
    if (limit !== undefined) query.set('limit', String(limit))
    return { query, limit }
  }

  took(position: Position): void {
    this.last = position
    this.left--
    this.came = true
  }

  /** A read asks the server to compare the lineages; an export must not go on in another log at all. */
  answeredBy(lineage: string | undefined): void {
    if (this.path === 'v1/export' && this.lineage !== undefined && lineage !== this.lineage)
      throw new LighthouseError('LINEAGE_FORKED', 'The store was restored during the export: begin it again.')
    this.lineage ??= lineage
  }

  ended(count: number, limit: number | undefined): void {
    this.done = this.left === 0 || limit === undefined || count < limit
  }
}

async function* requestOnce<T>(http: Http, reading: Reading, shown: Shown<T>): AsyncGenerator<T, void, void> {
  const { query, limit } = reading.next()
  const patience = new Patience(reading.options.signal, http.silenceMs)
  let count = 0
  reading.came = false
  try {
    const { lineage, path } = reading
    const headers = {
      accept: 'application/x-ndjson',
      ...(lineage === undefined ? undefined : { [LINEAGE]: lineage }),
    }
    const answer = await http.open({ method: 'GET', path, query, headers }, reading.options, patience)
    reading.answeredBy(answer.headers.get(LINEAGE) ?? undefined)
    for await (const lines of linesOf(answer.body as Body)) {
      patience.rest()
      for (const line of lines) {
        const frame = frameOf(line)
        if (frame.type === 'event') {
          const event = frame['event'] as RecordedEvent
          count++
          reading.took(event.position)
          yield shown(event, line)
        } else if (frame.type === 'damaged') reading.request.onDamaged?.(damagedRangeOf(frame))
        else if (frame.type === 'end') {
          if (frame['count'] !== count) throw incomplete(count, frame['count'])
          reading.head = frame['position']
          reading.ended(count, limit)
          return
        } else if (frame.type === 'error') throw errorOfProblem(frame['problem'])
      }
      patience.renew()
    }
    throw new NetworkError('The answer was cut off before its last frame.')
  } catch (error) {
    throw patience.reasonFor(error)
  } finally {
    patience.end()
  }
}

function incomplete(count: number, told: unknown): LighthouseError {
  return new LighthouseError('BAD_ANSWER', `${count} events came, and the answer says there were ${String(told)}.`)
}
