// `/v1/streams/{stream}/events`: reads a stream by revision, and appends to it under If-Match.
import { Controller, Get, Param, Post, Query } from '@nestjs/common'
import { ApiBody, ApiExtraModels, ApiHeader, getSchemaPath } from '@nestjs/swagger'
import { streamAppend } from '../appending/append-body.js'
import { appendContextOf } from '../appending/append-context.js'
import { Appends } from '../appending/appends.service.js'
import { KEY_HEADER } from '../appending/idempotency-header.js'
import { asPrecondition, expectedByHeaders } from '../appending/preconditions.js'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs } from '../auth/scope.decorator.js'
import { isObject } from '../contract/check/field-checks.js'
import { StoreError } from '../contract/errors.js'
import type { AppendedEvent } from '../contract/event-store.js'
import { streamLink } from '../streaming/read-query.js'
import { appendBody } from '../wire/body.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { entityTag } from '../wire/negotiation.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { TakesAppend } from '../wire/takes-append.decorator.js'
import { ValidatorPipe } from '../wire/validator.pipe.js'
import { AppendedBatch, AppendedOne, StreamPage } from './answers.dto.js'
import { OF_PAGES, sendAppended, sendPage } from './answers.js'
import { warningOf } from './append-answer.js'
import { StreamBatchAppendBody, StreamSingleAppendBody } from './appends.dto.js'
import { StreamReadParameters } from './events.dto.js'
import { inWordsOfQuery, Reads } from './reads.service.js'

const STREAM = {
  name: 'stream',
  description: 'The name of the stream, its slashes as %2F.',
  example: 'agent_builder-1/tasks',
}
const either = (one: new () => object, many: new () => object) => ({
  oneOf: [{ $ref: getSchemaPath(one) }, { $ref: getSchemaPath(many) }],
})

@Controller('v1/streams/:stream/events')
@ApiExtraModels(AppendedOne, AppendedBatch, StreamSingleAppendBody, StreamBatchAppendBody)
export class StreamEventsController {
  constructor(
    private readonly appends: Appends,
    private readonly reads: Reads,
  ) {}

  @Get()
  @Needs('events.read')
  @Route('readStreamEvents', {
    summary: 'Read a stream by revision',
    description:
      'The ETag is the revision of the stream, with more behind it in forms other than JSON and where retention has removed events: with it in If-None-Match, an unchanged stream answers 304. With `upcast` there is no ETag.',
    path: [STREAM],
    answers: {
      200: { description: 'Events of the stream, in the order asked for.', type: StreamPage },
      304: { description: 'The stream is still at this revision.' },
    },
  })
  @ApiHeader({ name: 'If-None-Match', description: 'The ETag of an earlier answer.', example: '"4"', required: false })
  async read(
    @Http() http: HttpExchange,
    @CallerAccess() access: Access,
    @Query(new ValidatorPipe(StreamReadParameters)) query: StreamReadParameters,
  ): Promise<string | Buffer | undefined> {
    const form = http.form(OF_PAGES)
    const { stream } = http.request.params as { stream: string }
    const info = await this.reads.streamInfo(stream, access)
    // Upcasters can change what is shown at the same revision, so the revision is no valid tag for such an answer.
    if (query.upcast === undefined) {
      const state = await this.reads.streamState(info)
      if (http.isUnchanged(entityTag(state, form))) return undefined
    }
    const { events, next, damaged } = await inWordsOfQuery(() => this.reads.stream(info, query))
    if (next !== null) void http.reply.header('link', streamLink(http.request.url, next))
    return sendPage(http, events, { next, revision: info.revision }, damaged)
  }

  @Post()
  @Needs('events.write')
  @TakesAppend()
  @Route('appendToStream', {
    summary: 'Append to a stream',
    description:
      'One event, or `{events, condition?}`, without `stream`. `If-Match: "<revision>"`, or any ETag of the stream, expects a revision, `If-Match: *` that the stream exists, `If-None-Match: *` that it does not.',
    path: [STREAM],
    answers: {
      200: {
        description: 'Stored before under this idempotency key.',
        schema: either(AppendedOne, AppendedBatch),
      },
      201: { description: 'Stored.', schema: either(AppendedOne, AppendedBatch) },
    },
  })
  @ApiHeader(KEY_HEADER)
  @ApiHeader({ name: 'If-Match', description: 'The revision expected, quoted, or *.', example: '"4"', required: false })
  @ApiHeader({ name: 'If-None-Match', description: 'Only *: the stream has no events.', example: '*', required: false })
  @ApiBody({ schema: either(StreamSingleAppendBody, StreamBatchAppendBody) })
  async append(@Http() http: HttpExchange, @CallerAccess() access: Access, @Param('stream') stream: string) {
    http.form()
    const given = appendBody(http.request.body)
    const { asked, pointer } = streamAppend(given, stream)
    const expectedRevision = expectedByHeaders(http.request.headers)
    const expectations = expectedRevision === undefined ? {} : { expectations: [{ stream, expectedRevision }] }
    const origin = appendContextOf(http.request, access)
    const warning = warningOf(asked, origin.bytes)
    const appended = await this.appends
      .append({ asked: { ...asked, ...expectations }, pointer }, origin)
      .catch((error: unknown) => {
        throw error instanceof StoreError ? asPrecondition(error) : error
      })
    void http.reply.header('etag', entityTag((appended.events.at(-1) as AppendedEvent).revision, 'json'))
    const shape = isObject(given) && Object.hasOwn(given, 'events') ? 'batch' : 'one'
    return sendAppended(http, appended, shape, warning)
  }
}
