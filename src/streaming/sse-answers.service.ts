// Opens streams of server-sent events where the reader left off, keeps them alive, and ends them with token or server.
import type { ServerResponse } from 'node:http'
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import type { Access } from '../auth/access.js'
import { checkRead } from '../contract/check/check-read.js'
import { codeOf, invalid, StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import { beforeTime, decimalPosition, knownPosition } from '../contract/moment.js'
import type { Work } from '../contract/work-limits.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import { Feed } from '../following/feed.js'
import { isWide } from '../following/follower-index.js'
import type { Show } from '../upcasting/upcaster.js'
import { ProblemFilter } from '../wire/problem.filter.js'
import { cutOffLater } from './draining.service.js'
import { EventStream } from './event-stream.js'
import { commonWith } from './known-lineage.js'
import { LongAnswers } from './long-answers.service.js'
import { filterOf, type ReadQuery } from './read-query.js'
import type { SseWriter } from './sse-writer.js'
import { UpcastView } from './upcast-view.service.js'

const KEEP_ALIVE_MS = 15_000

export interface SseReader {
  readonly request: FastifyRequest
  readonly answer: ServerResponse
}

@Injectable()
export class SseAnswers implements OnModuleInit, OnModuleDestroy {
  @Inject(ModeHolder) private readonly mode: ModeHolder
  private readonly streams = new Set<SseWriter>()
  private readonly timer = setInterval(() => this.keepAlive(), KEEP_ALIVE_MS).unref()

  constructor(
    private readonly feed: Feed,
    private readonly views: UpcastView,
    private readonly long: LongAnswers,
    private readonly problems: ProblemFilter,
  ) {}

  onModuleInit(): void {
    this.mode.listen(() => {
      for (const stream of this.streams) stream.tellMode(this.mode)
    })
  }

  onModuleDestroy(): void {
    clearInterval(this.timer)
  }

  /** Rejects with what is wrong at the start, before anything is sent, so that it has a status of its own. */
  open(query: ReadQuery, access: Access, reader: SseReader): Promise<EventStream> {
    return this.views.ofStream(query.upcast, show => this.begin(query, access, reader, show))
  }

  private async begin(query: ReadQuery, access: Access, reader: SseReader, show?: Show): Promise<EventStream> {
    mustBeEndless(query)
    const filter = filterOf(query, access.within('events.read'))
    checkRead({ filter, ...(query.since === undefined ? undefined : { since: query.since }) })
    const after = await this.startOf(query, reader.request)
    const works: readonly Work[] = isWide(filter) ? ['subscriptions', 'wideSubscriptions'] : ['subscriptions']
    const stream = this.keep(reader, works, problemOf => new EventStream(problemOf, show, query.onDamaged === 'skip'))
    try {
      const who = { agentId: access.agentId, surface: 'sse' } as const
      stream.begin(sink => this.feed.follow({ filter, after, sink, reader: who }))
    } catch (error) {
      stream.destroy()
      throw error
    }
    return stream
  }

  /** For any kind of stream: it is counted as these works, kept alive, and ended with its token or the server. */
  keep<S extends SseWriter>(
    reader: SseReader,
    works: readonly Work[],
    make: (problemOf: (error: unknown) => object) => S,
  ): S {
    const { request, answer } = reader
    const release = this.long.begin(reader, works, error => {
      if (codeOf(error) === 'CLOSED') stream.goAway(error.message)
      else stream.failed(error)
      cutOffLater(answer)
    })
    const stream = make(error => this.problems.problem(error, request))
    this.streams.add(stream)
    if (this.mode.current !== 'NORMAL') stream.tellMode(this.mode)
    stream.once('close', () => {
      release()
      this.streams.delete(stream)
    })
    answer.once('close', () => stream.destroy())
    if (!answer.destroyed) return stream
    // A caller that is gone already causes no further `close`, so nothing would end the stream.
    stream.destroy()
    throw new StoreError('ABORTED', 'The caller is gone.')
  }

  /** A reader that reconnects repeats its parameters, so the header that says how far it was goes before them. */
  private async startOf({ after = 0, since }: ReadQuery, { headers }: FastifyRequest): Promise<Position> {
    const { store } = this.feed
    const last = headers['last-event-id']
    const inCommon = commonWith(headers, store.lineage())
    if (last === undefined || last === '') {
      inCommon?.(after)
      const from = knownPosition(after, store.head())
      return since === undefined ? from : Math.max(from, await beforeTime(since, store))
    }
    const position = typeof last === 'string' ? decimalPosition(last) : undefined
    if (position === undefined) throw invalid('', 'the header Last-Event-ID must be a position')
    inCommon?.(position)
    return knownPosition(position, store.head())
  }

  private keepAlive(): void {
    for (const stream of this.streams) stream.comment('still here')
  }
}

const ENDLESS = 'is not for a stream, which has one order and no end'

function mustBeEndless(query: ReadQuery): void {
  for (const name of ['limit', 'order', 'before', 'until', 'cursor'] as const) {
    if (query[name] !== undefined) throw invalid(`/${name}`, ENDLESS)
  }
}
