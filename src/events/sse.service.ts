// Streams of server-sent events: begun where the reader left off, kept alive, and ended with the token or the server.
import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { Injectable, type OnModuleDestroy } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import type { Access } from '../auth/access.js'
import { bearerOf } from '../auth/authentication.js'
import { TokenVerifier } from '../auth/token-verifier.js'
import { checkRead } from '../contract/check-read.js'
import { StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { Feed } from '../following/feed.js'
import { beforeTime, knownPosition } from '../following/start-position.js'
import { ProblemFilter } from '../wire/problem.filter.js'
import { refuse } from './append-body.js'
import { EventStream } from './event-stream.js'
import { filterOf, type ReadQuery } from './read-query.js'
import type { Show } from './views.service.js'

const TICK_MS = 1_000
const KEEP_ALIVE_TICKS = 15
/** How long a reader has, at shutdown, to take the frame that tells it so. */
const GRACE_MS = 2_000

export interface Reader {
  readonly request: FastifyRequest
  readonly answer: ServerResponse
}

/** What is said to the reader of any stream, whatever else it is told. */
export interface OpenStream extends Readable {
  comment(text: string): void
  failed(error: unknown): void
  goAway(reason: string): void
}

@Injectable()
export class EventStreams implements OnModuleDestroy {
  private readonly readers = new Map<OpenStream, Reader>()
  private ending = false
  private ticks = 0
  private readonly timer = setInterval(() => this.tick(), TICK_MS).unref()

  constructor(
    private readonly feed: Feed,
    private readonly store: EventStore,
    private readonly verifier: TokenVerifier,
    private readonly problems: ProblemFilter,
  ) {}

  onModuleDestroy(): void {
    this.ending = true
    clearInterval(this.timer)
    const connections = [...this.readers.values()].map(({ answer }) => answer.socket)
    for (const stream of this.readers.keys()) stream.goAway('The server is shutting down.')
    setTimeout(() => {
      for (const connection of connections) connection?.destroy()
    }, GRACE_MS).unref()
  }

  /** What is wrong from the start still has a status of its own. */
  async open(query: ReadQuery, access: Access, reader: Reader, show?: Show): Promise<EventStream> {
    mustBeEndless(query)
    const filter = filterOf(query, access.within('events.read'))
    checkRead({ filter, ...(query.since === undefined ? undefined : { since: query.since }) })
    const after = await this.startOf(query, reader.request)
    const stream = this.keep(reader, problemOf => new EventStream(problemOf, show))
    stream.begin(sink => this.feed.follow({ filter, after, sink }))
    return stream
  }

  /** A stream of any kind: kept alive, and ended with its token or the server. */
  keep<S extends OpenStream>(reader: Reader, make: (problemOf: (error: unknown) => object) => S): S {
    if (this.ending) throw new StoreError('CLOSED', 'The server is shutting down: connect again.')
    const stream = make(error => this.problems.problem(error, reader.request))
    this.readers.set(stream, reader)
    stream.once('close', () => this.readers.delete(stream))
    return stream
  }

  /** A reader that comes back asks with the same parameters as before, and says in a header how far it was. */
  private async startOf({ after = 0, since }: ReadQuery, { headers }: FastifyRequest): Promise<Position> {
    const last = headers['last-event-id']
    if (last === undefined || last === '') {
      const from = knownPosition(after, this.store)
      return since === undefined ? from : Math.max(from, await beforeTime(since, this.store))
    }
    if (typeof last === 'string' && /^[0-9]{1,15}$/.test(last)) return knownPosition(Number(last), this.store)
    return refuse('', 'the header Last-Event-ID must be a position')
  }

  private tick(): void {
    const keepsAlive = ++this.ticks % KEEP_ALIVE_TICKS === 0
    for (const [stream, { request }] of this.readers) {
      void this.lookAt(stream, request)
      if (keepsAlive) stream.comment('still here')
    }
  }

  private async lookAt(stream: OpenStream, { headers }: FastifyRequest): Promise<void> {
    try {
      await this.verifier.verify(bearerOf(headers.authorization))
    } catch (error) {
      stream.failed(new StoreError('UNAUTHENTICATED', (error as Error).message))
    }
  }
}

const ENDLESS = 'is not for a stream, which has one order and no end'

function mustBeEndless(query: ReadQuery): void {
  for (const name of ['limit', 'order', 'before', 'until', 'cursor'] as const) {
    if (query[name] !== undefined) refuse(`/${name}`, ENDLESS)
  }
}
