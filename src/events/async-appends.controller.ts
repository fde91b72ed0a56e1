// Appends whose callers do not wait, and `/v1/operations/{id}`, which shows their outcome.
import { Controller, Get, Param, Post } from '@nestjs/common'
import { ApiBody, ApiHeader } from '@nestjs/swagger'
import { type AppendBody, batchAppend, singleAppend } from '../appending/append-body.js'
import { appendContextOf } from '../appending/append-context.js'
import { Appends } from '../appending/appends.service.js'
import { KEY_HEADER } from '../appending/idempotency-header.js'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs } from '../auth/scope.decorator.js'
import { StoreError } from '../contract/errors.js'
import { appendBody } from '../wire/body.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { ProblemFilter } from '../wire/problem.filter.js'
import { TakesAppend } from '../wire/takes-append.decorator.js'
import { AcceptedOperation, OperationAnswer } from './answers.dto.js'
import { type AppendAnswerShape, appendAnswerOf, warningHeader, warningOf } from './append-answer.js'
import { BatchAppendBody, SingleAppendBody } from './appends.dto.js'
import { Operations } from './operations.service.js'

const ACCEPTED = { description: 'Taken, and not stored yet; the Location says what becomes of it.' }

@Controller('v1')
export class AsyncAppendsController {
  constructor(
    private readonly appends: Appends,
    private readonly operations: Operations,
    private readonly problems: ProblemFilter,
  ) {}

  @Post('events/async')
  @Needs('events.write')
  @TakesAppend()
  @Route('appendEventAsync', {
    summary: 'Append one event without waiting',
    description: 'As POST /v1/events. What breaks a rule is refused at once.',
    answers: { 202: { ...ACCEPTED, type: AcceptedOperation } },
  })
  @ApiHeader(KEY_HEADER)
  @ApiBody({ type: SingleAppendBody })
  async startOne(@Http() http: HttpExchange, @CallerAccess() access: Access) {
    http.form()
    return this.start(http, access, { body: singleAppend(appendBody(http.request.body)), shape: 'one' })
  }

  @Post('events/batch/async')
  @Needs('events.write')
  @TakesAppend()
  @Route('appendEventsAsync', {
    summary: 'Append many events atomically without waiting',
    description: 'As POST /v1/events/batch. What breaks a rule is refused at once.',
    answers: { 202: { ...ACCEPTED, type: AcceptedOperation } },
  })
  @ApiHeader(KEY_HEADER)
  @ApiBody({ type: BatchAppendBody })
  async startBatch(@Http() http: HttpExchange, @CallerAccess() access: Access) {
    http.form()
    return this.start(http, access, { body: batchAppend(appendBody(http.request.body)), shape: 'batch' })
  }

  private async start(
    http: HttpExchange,
    access: Access,
    { body, shape }: { readonly body: AppendBody; readonly shape: AppendAnswerShape },
  ) {
    const origin = appendContextOf(http.request, access)
    const warning = warningOf(body.asked, origin.bytes)
    const operationId = await this.operations.start({
      agentId: access.agentId,
      events: Array.isArray(body.asked.events) ? body.asked.events.length : 1,
      work: () => this.appends.append(body, origin).then(appended => appendAnswerOf(appended, shape)),
      problemOf: error => this.problems.problem(error, http.request),
    })
    void http.reply.header('location', `/v1/operations/${operationId}`)
    if (warning !== undefined) void http.reply.header(warningHeader, warning)
    return http.send({ operationId })
  }

  @Get('operations/:id')
  @Needs('events.write')
  @Route('readOperation', {
    summary: 'What became of an asynchronous append',
    description:
      'Kept in memory for 15 minutes after its end, for the agent that started it. After a restart, an append with an idempotency key is sent again to learn its outcome.',
    path: [{ name: 'id', description: 'The operation id.', example: '4b1c8a52-6a0e-4d0b-9f57-0f6a2d1f3c11' }],
    answers: { 200: { description: 'How far it is.', type: OperationAnswer } },
  })
  operation(@Http() http: HttpExchange, @CallerAccess() access: Access, @Param('id') id: string): string | Buffer {
    const outcome = this.operations.find(id, access.agentId)
    if (outcome === undefined) {
      const hint = 'Operations are forgotten after a while and on restart; with an idempotency key, send it again.'
      throw new StoreError('NOT_FOUND', `This agent has no operation of this id. ${hint}`)
    }
    if (outcome.status === 'pending') void http.reply.header('retry-after', '1')
    void http.reply.header('cache-control', 'no-store')
    return http.send(outcome)
  }
}
