// Reads of `/v1/events`: pages and lines, following, waiting, and one event.
import type { Readable } from 'node:stream'
import { Controller, Get, Param, Query } from '@nestjs/common'
import { ApiHeader } from '@nestjs/swagger'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs, TakesTickets } from '../auth/scope.decorator.js'
import { decimalPosition } from '../contract/moment.js'
import { NdjsonAnswers } from '../streaming/ndjson-answers.service.js'
import { nextLink } from '../streaming/read-query.js'
import { SseAnswers } from '../streaming/sse-answers.service.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { ValidatorPipe } from '../wire/validator.pipe.js'
import { EventsPage, StoredEventAnswer, WaitAnswer } from './answers.dto.js'
import { sendEvent, sendPage } from './answers.js'
import { ReadParameters, ViewParameters, WaitParameters } from './events.dto.js'
import { LongPolls } from './long-polls.service.js'
import { inWordsOfQuery, Reads } from './reads.service.js'
import { positionHeader, waitOf } from './wait-request.js'

/** On every read that begins behind a position. */
const KnowsLineage = () =>
  ApiHeader({
    name: 'Lighthouse-Lineage',
    description: 'The lineage that the reader knows, as an answer had it. Behind the fork it is LINEAGE_FORKED.',
    required: false,
  })

const READ_FORMS = ['json', 'msgpack', 'ndjson', 'sse', 'cloudevents'] as const

@Controller('v1/events')
export class EventReadsController {
  constructor(
    private readonly reads: Reads,
    private readonly waits: LongPolls,
    private readonly lines: NdjsonAnswers,
    private readonly streams: SseAnswers,
  ) {}

  @Get()
  @Needs('events.read')
  @TakesTickets()
  @Route('readEvents', {
    summary: 'Read events',
    description:
      'A page in JSON or MessagePack; with `Accept: application/x-ndjson` one frame a line, unbounded unless `limit` is given, ended by an `end` frame; with `Accept: text/event-stream` everything from `after` or `since` on and then what comes, without end: the id of each server-sent event is a position, from which Last-Event-ID goes on; with `Accept: application/cloudevents-batch+json` an array of CloudEvents.',
    answers: { 200: { description: 'Events that match, in the order asked for.', type: EventsPage } },
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    description: 'Of a stream of server-sent events: the position to go on behind.',
    example: '1201',
    required: false,
  })
  @KnowsLineage()
  async read(
    @Http() http: HttpExchange,
    @CallerAccess() access: Access,
    @Query(new ValidatorPipe(ReadParameters)) query: ReadParameters,
  ): Promise<string | Buffer | Readable> {
    const form = http.form(READ_FORMS)
    if (form === 'sse') return this.follow(http, access, query)
    const plan = this.reads.plan(query, access, http)
    if (form === 'ndjson') {
      http.announce('ndjson')
      return inWordsOfQuery(() => this.lines.stream(plan, query.limit, http))
    }
    const { events, next, head, damaged } = await inWordsOfQuery(() => this.reads.page(plan, access, http, query.limit))
    if (next !== null) void http.reply.header('link', nextLink(http.request.url, next))
    return sendPage(http, events, { next, head }, damaged)
  }

  /** The stream is opened for HEAD too, so that its status and headers are true; the body would never end. */
  private async follow(http: HttpExchange, access: Access, query: ReadParameters): Promise<Readable | string> {
    const stream = await inWordsOfQuery(() => this.streams.open(query, access, http))
    // `x-accel-buffering` keeps proxies from holding events back.
    http.announce('sse')
    void http.reply.header('x-accel-buffering', 'no')
    if (http.request.method !== 'HEAD') return stream
    stream.destroy()
    return ''
  }

  @Get('wait')
  @Needs('events.read')
  @Route('waitForEvents', {
    summary: 'Wait for events',
    description:
      'Answers as soon as an event beyond `after` (the head, if absent) matches. The header Lighthouse-Position is the `after` of the next wait, whatever the answer.',
    answers: {
      200: { description: 'At least one event.', type: WaitAnswer },
      204: { description: 'Nothing matched in time; Lighthouse-Position says where to go on.' },
    },
  })
  @KnowsLineage()
  async wait(
    @Http() http: HttpExchange,
    @CallerAccess() access: Access,
    @Query(new ValidatorPipe(WaitParameters)) query: WaitParameters,
  ): Promise<string | Buffer | undefined> {
    http.form()
    this.reads.commonWith(http)?.(query.after ?? 0)
    const wait = waitOf(query, access, this.reads.head)
    const { events, position, head } = await inWordsOfQuery(() =>
      this.waits.wait(wait, access.agentId, leave => http.whenGone(leave)),
    )
    void http.reply.header(positionHeader, position)
    if (events.length > 0) return sendPage(http, events, { position, head })
    void http.reply.status(204)
    return undefined
  }

  @Get(':id')
  @Needs('events.read')
  @Route('readEvent', {
    summary: 'Read one event',
    description: 'By its id or by its position; as a CloudEvent with `Accept: application/cloudevents+json`.',
    path: [{ name: 'id', description: 'An event id or a position.', example: '1201' }],
    answers: { 200: { description: 'The event.', type: StoredEventAnswer } },
  })
  @KnowsLineage()
  async one(
    @Http() http: HttpExchange,
    @CallerAccess() access: Access,
    @Param('id') id: string,
    @Query(new ValidatorPipe(ViewParameters)) { upcast }: ViewParameters,
  ): Promise<string | Buffer> {
    this.reads.commonWith(http)?.(decimalPosition(id) ?? 0)
    return sendEvent(http, await this.reads.event(id, access, upcast))
  }
}
