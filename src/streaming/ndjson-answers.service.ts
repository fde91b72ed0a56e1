// Streams events as lines of NDJSON at the reader's pace, ended by a frame that says how far the read went.
import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { Injectable } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { StoreError } from '../contract/errors.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { SkippedDamage } from '../contract/skipped-damage.js'
import { damagedFrame, endFrame, errorFrame, eventFrame } from '../wire/frames.js'
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

  /** Reads the first event before anything is sent, so that an error at the start still has a status of its own. */
  stream(plan: ReadPlan, limit: number | undefined, exchange: NdjsonExchange): Promise<Readable> {
    const skipped = plan.skipDamaged ? new SkippedDamage(plan.order) : undefined
    const onDamaged = skipped === undefined ? {} : { onDamaged: skipped.note }
    const request = { ...plan.request, ...(limit === undefined ? undefined : { limit }), ...onDamaged }
    const events = () => this.views.of(this.store.read(request), plan.upcast)
    return this.send(
      eventFrames(events, { limit, skipped }, last => endOf(plan, limit, last)),
      exchange,
    )
  }

  /** The last of the frames must say that it is the last. Here, too, the first is made before anything is sent. */
  async send(frames: AsyncIterable<string>, exchange: NdjsonExchange): Promise<Readable> {
    const { request, answer } = exchange
    let over: StoreError | undefined
    let stream: LineStream | undefined
    const release = this.long.begin(exchange, ['openReads'], error => {
      over = error
      if (stream === undefined) return
      // A reader that goes on gets the error as its last line; one that does not is cut off.
      stream.stop(error)
      cutOffLater(answer)
    })
    const held = until(frames, release)
    const first = await held.next()
    stream = ndjsonStream(held, error => errorFrame(this.problems.problem(error, request)), first)
    // A caller that is gone already causes no further `close`, so nothing would end the stream.
    if (answer.destroyed) over ??= new StoreError('ABORTED', 'The caller is gone.')
    if (over !== undefined) {
      stream.destroy()
      throw over
    }
    answer.once('close', () => stream?.destroy())
    return stream
  }
}

/** Calls `ended` when no more frames are made; but not if none was ever requested, as the body has not begun then. */
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
  { limit, skipped }: { readonly limit: number | undefined; readonly skipped: SkippedDamage | undefined },
  endOf: (last: Last) => Position,
): AsyncGenerator<string, void, void> {
  let count = 0
  let position = 0
  for await (const event of events()) {
    if (skipped !== undefined) for (const range of skipped.before(event.position)) yield damagedFrame(range)
    count++
    position = event.position
    yield eventFrame(event)
  }
  // Where the limit ended the read, what lies behind its last event belongs to the read that goes on from there.
  const left = count === limit ? skipped?.before(position) : skipped?.rest()
  for (const range of left ?? []) yield damagedFrame(range)
  yield endFrame(endOf({ position, count }), count)
}

/** Where to go on: behind the last event if the limit ended the read, otherwise behind everything that was read. */
function endOf({ request, order, head }: ReadPlan, limit: number | undefined, last: Last): Position {
  if (last.count === limit) return last.position
  if (order === 'desc') return (request.after ?? 0) + 1
  const end = Math.min(head, (request.before ?? Number.POSITIVE_INFINITY) - 1)
  return Math.max(end, request.after ?? 0)
}
