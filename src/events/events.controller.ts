// `/v1/events`: append one or many, read pages and lines, wait for what comes, look at one.

import type { Readable } from 'node:stream'
import { Controller, Get, Param, Post, Query } from '@nestjs/common'
import {
  ApiBody,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger'
import { originOf } from '../appending/append-context.js'
import { Appends } from '../appending/appends.service.js'
import { KEY_HEADER } from '../appending/idempotency-header.js'
import type { Access } from '../auth/access.js'
import { Caller } from '../auth/caller.decorator.js'
import { Needs } from '../auth/scope.decorator.js'
import { nextLink } from '../streaming/read-query.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { ShapePipe } from '../wire/validator.pipe.js'
import { AppendedBatch, AppendedOne, EventsPage, StoredEventAnswer, WaitAnswer } from './answers.dto.js'
import { sendAppended, sendEvent, sendPage } from './answers.js'
import { warningOf } from './append-answer.js'
import { BatchAppendBody, SingleAppendBody } from './appends.dto.js'
import { givenBatch, givenSingle } from './cloud-event-append.js'
import { ReadParameters, ViewParameters, WaitParameters } from './events.dto.js'
import { LongReads } from './long-reads.service.js'
import { inWordsOfQuery, Reads } from './reads.service.js'
import { positionHeader, waitOf, whenGone } from './wait-request.js'

const READ_FORMS = ['json', 'msgpack', 'ndjson', 'sse', 'cloudevents'] as const

@ApiTags('events')
@Controller('v1/events')
export class EventsController {
  constructor(
    private readonly appends: Appends,
    private readonly reads: Reads,
    private readonly long: LongReads,
  ) {}

  @Post()
  @Needs('events.write')
  @ApiOperation({
    summary: 'Append one event',
    description:
      'Answered once the event is durable. `expectedRevision` and `condition` make it conditional. A CloudEvent is taken too: `application/cloudevents+json`, or `ce-` headers.',
  })
  @ApiHeader(KEY_HEADER)
  @ApiBody({ type: SingleAppendBody })
  @ApiCreatedResponse({ description: 'Stored.', type: AppendedOne })
  @ApiOkResponse({ description: 'Stored before under this idempotency key.', type: AppendedOne })
  async appendOne(@Http() http: HttpExchange, @Caller() access: Access) {
    http.form()
    const body = givenSingle(http.request)
    const origin = originOf(http.request, access, body.key)
    const warning = warningOf(body.asked, origin.bytes)
    return sendAppended(http, await this.appends.append(body, origin), 'one', warning)
  }

  @Post('batch')
  @Needs('events.write')
  @ApiOperation({
    summary: 'Append many events atomically',
    description:
      'All are stored, at consecutive positions, or none is. CloudEvents are taken too: `application/cloudevents-batch+json`.',
  })
  @ApiHeader(KEY_HEADER)
  @ApiBody({ type: BatchAppendBody })
  @ApiCreatedResponse({ description: 'Stored.', type: AppendedBatch })
  @ApiOkResponse({ description: 'Stored before under this idempotency key.', type: AppendedBatch })
  async appendBatch(@Http() http: HttpExchange, @Caller() access: Access) {
    http.form()
    const body = givenBatch(http.request)
    const origin = originOf(http.request, access, body.key)
    const warning = warningOf(body.asked, origin.bytes)
    return sendAppended(http, await this.appends.append(body, origin), 'batch', warning)
  }

  @Get()
  @Needs('events.read')
  @ApiOperation({
    summary: 'Read events',
    description:
      'A page in JSON or MessagePack; with `Accept: application/x-ndjson` one frame a line, unbounded unless `limit` is given, ended by an `end` frame; with `Accept: text/event-stream` everything from `after` or `since` on and then what comes, without end: the id of each server-sent event is a position, from which Last-Event-ID goes on; with `Accept: application/cloudevents-batch+json` an array of CloudEvents.',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    description: 'Of a stream of server-sent events: the position to go on behind.',
    example: '1201',
    required: false,
  })
  @ApiOkResponse({ description: 'Events that match, in the order asked for.', type: EventsPage })
  async read(
    @Http() http: HttpExchange,
    @Caller() access: Access,
    @Query(new ShapePipe(ReadParameters)) query: ReadParameters,
  ): Promise<string | Buffer | Readable> {
    const form = http.form(READ_FORMS)
    if (form === 'sse') return this.long.follow(http, access, query)
    const plan = this.reads.plan(query, access)
    if (form === 'ndjson') {
      http.announce('ndjson')
      return inWordsOfQuery(() => this.long.lines.stream(plan, query.limit, http))
    }
    const { events, next, head } = await inWordsOfQuery(() => this.reads.page(plan, access, query.limit))
    if (next !== null) void http.reply.header('link', nextLink(http.request.url, next))
    return sendPage(http, events, { next, head })
  }

  @Get('wait')
  @Needs('events.read')
  @ApiOperation({
    summary: 'Wait for events',
    description:
      'Answers as soon as an event beyond `after` (the head, if absent) matches. The header Lighthouse-Position is the `after` of the next wait, whatever the answer.',
  })
  @ApiOkResponse({ description: 'At least one event.', type: WaitAnswer })
  @ApiNoContentResponse({ description: 'Nothing matched in time; Lighthouse-Position says where to go on.' })
  async wait(
    @Http() http: HttpExchange,
    @Caller() access: Access,
    @Query(new ShapePipe(WaitParameters)) query: WaitParameters,
  ): Promise<string | Buffer | undefined> {
    http.form()
    const wait = waitOf(query, access, this.reads.head)
    const { events, position, head } = await inWordsOfQuery(() =>
      this.long.waits.wait(wait, access.agentId, whenGone(http.reply)),
    )
    void http.reply.header(positionHeader, position)
    if (events.length > 0) return sendPage(http, events, { position, head })
    void http.reply.status(204)
    return undefined
  }

  @Get(':id')
  @Needs('events.read')
  @ApiOperation({
    summary: 'Read one event',
    description: 'By its id or by its position; as a CloudEvent with `Accept: application/cloudevents+json`.',
  })
  @ApiParam({ name: 'id', description: 'An event id or a position.', example: '1201' })
  @ApiOkResponse({ description: 'The event.', type: StoredEventAnswer })
  async one(
    @Http() http: HttpExchange,
    @Caller() access: Access,
    @Param('id') id: string,
    @Query(new ShapePipe(ViewParameters)) { upcast }: ViewParameters,
  ): Promise<string | Buffer> {
    return sendEvent(http, await this.reads.event(id, access, upcast))
  }
}
