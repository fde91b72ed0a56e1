// Streams events as lines of NDJSON: as long as the log, at the reader's pace, ended by a frame that says how far it went.
import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { Injectable } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { StoreError } from '../contract/errors.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { endFrame, errorFrame, eventFrame } from '../wire/frames.js'
import { type LineStream, ndjsonStream } from '../wire/ndjson.js'
import { ProblemFilter } from '../wire/problem.filter.js'
import { cutOffLater } from './draining.service.js'
import { LongAnswers } from './long-answers.service.js'
import type { ReadPlan } from './read-query.js'
import { UpcastView } from './upcast-view.service.js'

export interface NdjsonExchange {
  readonly request: FastifyRequest
  readonly answer: ServerResponse
}

@Injectable()
export class NdjsonAnswers {
  constructor(
    private readonly store: EventStore,
    private readonly problems: ProblemFilter,
    private readonly views: UpcastView,
    private readonly long: LongAnswers,
  ) {}

  /** Looks at the first event before anything is sent: what is wrong from the start still has a status of its own. */
  stream(plan: ReadPlan, limit: number | undefined, exchange: NdjsonExchange): Promise<Readable> {
    const request = limit === undefined ? plan.request : { ...plan.request, limit }
    const events = () => this.views.of(this.store.read(request), plan.upcast)
    return this.send(
      eventFrames(events, last => endOf(plan, limit, last)),
      exchange,
    )
  }

  /** Frames of any kind, the last of which says that it is the last. As above, the first is looked at beforehand. */
  async send(frames: AsyncIterable<string>, exchange: NdjsonExchange): Promise<Readable> {
    const { request, answer } = exchange
    let over: StoreError | undefined
    let stream: LineStream | undefined
    const release = this.long.begin(exchange, ['openReads'], error => {
      over = error
      if (stream === undefined) return
      // Readers that go on reading are told.
      stream.stop(error)
      cutOffLater(answer)
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
    answer.once('close', () => stream?.destroy())
    return stream
  }
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
