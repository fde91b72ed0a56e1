// Reads events as lines and resumes behind the last one after a break, so each event comes once, in order, to the end.
import { type CallOptions, Patience } from './call.js'
import { LighthouseError, NetworkError } from './errors.js'
import type { EventShape, Position, RecordedEvent } from './event.js'
import { limitOf, type ReadRequest, readQuery } from './filter.js'
import type { Http } from './http.js'
import { damagedRangeOf, framesOf } from './lines.js'
import { errorOfProblem } from './problem.js'
import { pause } from './retry.js'

/** The server accepts no larger limit in one request. */
const MOST_AT_ONCE = 10_000

const LINEAGE = 'lighthouse-lineage'

/** The read ends at the head that its last request saw. */
export async function* readEvents<S extends EventShape>(
  http: Http,
  request: ReadRequest,
): AsyncGenerator<RecordedEvent<S>, void, void> {
  const reading = new Reading(request)
  for (let failures = 0; !reading.done; ) {
    try {
      yield* requestOnce<S>(http, reading)
      failures = 0
    } catch (error) {
      if (!(error instanceof LighthouseError)) throw error
      failures = reading.came ? 1 : failures + 1
      const delay = http.retry.after(failures, error)
      if (delay === undefined) throw error
      await pause(delay, request.signal)
    }
  }
}

/** How far a read has come, from which the next request is made. */
class Reading {
  left: number
  done: boolean
  /** Whether the last request returned any event: after progress, the count of failures starts again. */
  came = false
  /** That of the first answer, which is sent back with every further request of this read. */
  lineage: string | undefined
  private last: Position | undefined

  constructor(readonly request: ReadRequest) {
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

  ended(count: number, limit: number | undefined): void {
    this.done = this.left === 0 || limit === undefined || count < limit
  }
}

async function* requestOnce<S extends EventShape>(
  http: Http,
  reading: Reading,
): AsyncGenerator<RecordedEvent<S>, void, void> {
  const { query, limit } = reading.next()
  const patience = new Patience(reading.options.signal, http.silenceMs)
  let count = 0
  reading.came = false
  try {
    const { lineage } = reading
    const headers = {
      accept: 'application/x-ndjson',
      ...(lineage === undefined ? undefined : { [LINEAGE]: lineage }),
    }
    const { body, headers: told } = await http.open(
      { method: 'GET', path: 'v1/events', query, headers },
      reading.options,
      patience,
    )
    reading.lineage ??= told.get(LINEAGE) ?? undefined
    for await (const frames of framesOf(body as ReadableStream<Uint8Array>)) {
      patience.rest()
      for (const frame of frames) {
        if (frame.type === 'event') {
          const event = frame['event'] as RecordedEvent<S>
          count++
          reading.took(event.position)
          yield event
        } else if (frame.type === 'damaged') reading.request.onDamaged?.(damagedRangeOf(frame))
        else if (frame.type === 'end') {
          if (frame['count'] !== count) throw incomplete(count, frame['count'])
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
