// Streams events as lines of NDJSON: as long as the log, at the reader's pace, ended by a frame that says how far it went.
import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { Injectable, type OnModuleDestroy } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { StoreError } from '../contract/errors.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { endFrame, errorFrame, eventFrame } from '../wire/frames.js'
import { ndjsonStream } from '../wire/ndjson.js'
import { ProblemFilter } from '../wire/problem.filter.js'
import type { ReadPlan } from './read-query.js'
import { Views } from './views.service.js'

/** How long a reader has, at shutdown, to take the frame that tells it so. */
const GRACE_MS = 2_000

export interface Exchange {
  readonly request: FastifyRequest
  readonly answer: ServerResponse
}

@Injectable()
export class Lines implements OnModuleDestroy {
  private readonly open = new Set<ServerResponse>()
  private ending = false

  constructor(
    private readonly store: EventStore,
    private readonly problems: ProblemFilter,
    private readonly views: Views,
  ) {}

  /**
   * Readers that go on reading are told; one that has stopped reading cannot be, and is cut off. The connection is, not
   * the answer: what was handed to it may wait there for the reader, and the server for both.
   */
  onModuleDestroy(): void {
    this.ending = true
    const connections = [...this.open].map(answer => answer.socket)
    setTimeout(() => {
      for (const connection of connections) connection?.destroy()
    }, GRACE_MS).unref()
  }

  /** Looks at the first event before anything is sent: what is wrong from the start still has a status of its own. */
  async stream(plan: ReadPlan, limit: number | undefined, exchange: Exchange): Promise<Readable> {
    if (this.ending) throw closing()
    const request = limit === undefined ? plan.request : { ...plan.request, limit }
    const events = this.views.of(this.store.read(request), plan.upcast)[Symbol.asyncIterator]()
    const first = await events.next()
    const frames = this.frames(first, events, position => endOf(plan, limit, position))
    return this.opened(frames, exchange)
  }

  /** Frames of another kind, the last of which says that it is the last. As above, the first is looked at beforehand. */
  async send(frames: AsyncIterable<string>, exchange: Exchange): Promise<Readable> {
    if (this.ending) throw closing()
    const rest = frames[Symbol.asyncIterator]()
    const first = await rest.next()
    return this.opened(this.untilEnding(first, rest), exchange)
  }

  private opened(frames: AsyncIterable<string>, { request, answer }: Exchange): Readable {
    this.open.add(answer)
    answer.once('close', () => this.open.delete(answer))
    return ndjsonStream(frames, error => errorFrame(this.problems.problem(error, request)))
  }

  private async *untilEnding(
    first: IteratorResult<string>,
    rest: AsyncIterator<string>,
  ): AsyncGenerator<string, void, void> {
    try {
      for (let next = first; next.done !== true; next = await rest.next()) {
        if (this.ending) throw closing()
        yield next.value
      }
    } finally {
      await rest.return?.()
    }
  }

  private async *frames(
    first: IteratorResult<RecordedEvent>,
    events: AsyncIterator<RecordedEvent>,
    end: (last: { readonly position: Position; readonly count: number }) => Position,
  ): AsyncGenerator<string, void, void> {
    let count = 0
    let position = 0
    try {
      for (let next = first; next.done !== true; next = await events.next()) {
        if (this.ending) throw closing()
        count++
        position = next.value.position
        yield eventFrame(next.value)
      }
      yield endFrame(end({ position, count }), count)
    } finally {
      await events.return?.()
    }
  }
}

/** From where to go on: behind the last event if the limit ended the read, else behind all that was looked at. */
function endOf(
  { request, order, head }: ReadPlan,
  limit: number | undefined,
  last: { readonly position: Position; readonly count: number },
): Position {
  if (last.count === limit) return last.position
  if (order === 'desc') return (request.after ?? 0) + 1
  const end = Math.min(head, (request.before ?? Number.POSITIVE_INFINITY) - 1)
  return Math.max(end, request.after ?? 0)
}

function closing(): StoreError {
  return new StoreError('CLOSED', 'The server is shutting down: connect again and go on behind the last position.')
}
