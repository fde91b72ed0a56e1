// Streams events as lines of NDJSON: as long as the log, at the reader's pace, ended by a frame that says how far it went.
import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { Injectable, type OnModuleDestroy } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { LongAnswers } from '../auth/long-answers.js'
import { StoreError } from '../contract/errors.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { endFrame, errorFrame, eventFrame } from '../wire/frames.js'
import { type LineStream, ndjsonStream } from '../wire/ndjson.js'
import { ProblemFilter } from '../wire/problem.filter.js'
import { cutOffLater } from './cut-off.js'
import type { ReadPlan } from './read-query.js'
import { Views } from './upcast-view.service.js'

export interface Exchange {
  readonly request: FastifyRequest
  readonly answer: ServerResponse
}

@Injectable()
export class Lines implements OnModuleDestroy {
  private readonly open = new Map<LineStream, ServerResponse>()
  private ending = false

  constructor(
    private readonly store: EventStore,
    private readonly problems: ProblemFilter,
    private readonly views: Views,
    private readonly long: LongAnswers,
  ) {}

  onModuleDestroy(): void {
    this.ending = true
    for (const [stream, answer] of this.open) end(stream, answer, closing())
  }

  /** Looks at the first event before anything is sent: what is wrong from the start still has a status of its own. */
  stream(plan: ReadPlan, limit: number | undefined, exchange: Exchange): Promise<Readable> {
    const request = limit === undefined ? plan.request : { ...plan.request, limit }
    const events = () => this.views.of(this.store.read(request), plan.upcast)
    return this.send(
      eventFrames(events, last => endOf(plan, limit, last)),
      exchange,
    )
  }

  /** Frames of any kind, the last of which says that it is the last. As above, the first is looked at beforehand. */
  async send(frames: AsyncIterable<string>, { request, answer }: Exchange): Promise<Readable> {
    if (this.ending) throw closing()
    let over: StoreError | undefined
    let stream: LineStream | undefined
    const release = this.long.begin(request, ['openReads'], error => {
      over = error
      if (stream !== undefined) end(stream, answer, error)
    })
    const held = until(frames, release)
    const first = await held.next()
    stream = ndjsonStream(held, error => errorFrame(this.problems.problem(error, request)), first)
    // Whoever is gone already takes nothing: nobody would end the stream.
    if (answer.destroyed) over ??= new StoreError('ABORTED', 'The caller is gone.')
    if (over !== undefined) {
      stream.destroy()
      throw over
    }
    this.keep(stream, answer)
    return stream
  }

  private keep(stream: LineStream, answer: ServerResponse): void {
    this.open.set(stream, answer)
    stream.once('close', () => this.open.delete(stream))
    answer.once('close', () => stream.destroy())
    if (this.ending) end(stream, answer, closing())
  }
}

/** Readers that go on reading are told. */
function end(stream: LineStream, answer: ServerResponse, error: StoreError): void {
  stream.stop(error)
  cutOffLater(answer)
}

/** Calls `ended` when nothing of the frames is being made any more. Asked for one frame at least, or never ended. */
async function* until(frames: AsyncIterable<string>, ended: () => void): AsyncGenerator<string, void, void> {
  try {
    yield* frames
  } finally {
    ended()
  }
}

interface Last {
  readonly position: Position
  readonly count: number
}

async function* eventFrames(
  events: () => AsyncIterable<RecordedEvent>,
  endOf: (last: Last) => Position,
): AsyncGenerator<string, void, void> {
  let count = 0
  let position = 0
  for await (const event of events()) {
    count++
    position = event.position
    yield eventFrame(event)
  }
  yield endFrame(endOf({ position, count }), count)
}

/** From where to go on: behind the last event if the limit ended the read, else behind all that was looked at. */
function endOf({ request, order, head }: ReadPlan, limit: number | undefined, last: Last): Position {
  if (last.count === limit) return last.position
  if (order === 'desc') return (request.after ?? 0) + 1
  const end = Math.min(head, (request.before ?? Number.POSITIVE_INFINITY) - 1)
  return Math.max(end, request.after ?? 0)
}

function closing(): StoreError {
  return new StoreError('CLOSED', 'The server is shutting down: connect again and go on behind the last position.')
}
