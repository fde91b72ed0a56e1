// Appends to `/v1/events`: one event or a batch.

import { Controller, Post } from '@nestjs/common'
import { ApiBody, ApiHeader } from '@nestjs/swagger'
import { appendContextOf } from '../appending/append-context.js'
import { Appends } from '../appending/appends.service.js'
import { KEY_HEADER } from '../appending/idempotency-header.js'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs } from '../auth/scope.decorator.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { TakesAppend } from '../wire/takes-append.decorator.js'
import { AppendedBatch, AppendedOne } from './answers.dto.js'
import { sendAppended } from './answers.js'
import { warningOf } from './append-answer.js'
import { BatchAppendBody, SingleAppendBody } from './appends.dto.js'
import { batchAppendOf, singleAppendOf } from './cloud-event-append.js'

@Controller('v1/events')
export class EventsController {
  constructor(private readonly appends: Appends) {}

  @Post()
  @Needs('events.write')
  @TakesAppend()
  @Route('appendEvent', {
    summary: 'Append one event',
    description:
      'Answered once the event is durable. `expectedRevision` and `condition` make it conditional. A CloudEvent is taken too: `application/cloudevents+json`, or `ce-` headers.',
    answers: {
      200: { description: 'Stored before under this idempotency key.', type: AppendedOne },
      201: { description: 'Stored.', type: AppendedOne },
    },
  })
  @ApiHeader(KEY_HEADER)
  @ApiBody({ type: SingleAppendBody })
  async appendOne(@Http() http: HttpExchange, @CallerAccess() access: Access) {
    http.form()
    const body = singleAppendOf(http.request)
    const origin = appendContextOf(http.request, access, body.key)
    const warning = warningOf(body.asked, origin.bytes)
    return sendAppended(http, await this.appends.append(body, origin), 'one', warning)
  }

  @Post('batch')
  @Needs('events.write')
  @TakesAppend()
  @Route('appendEvents', {
    summary: 'Append many events atomically',
    description:
      'All are stored, at consecutive positions, or none is. CloudEvents are taken too: `application/cloudevents-batch+json`.',
    answers: {
      200: { description: 'Stored before under this idempotency key.', type: AppendedBatch },
      201: { description: 'Stored.', type: AppendedBatch },
    },
  })
  @ApiHeader(KEY_HEADER)
  @ApiBody({ type: BatchAppendBody })
  async appendBatch(@Http() http: HttpExchange, @CallerAccess() access: Access) {
    http.form()
    const body = batchAppendOf(http.request)
    const origin = appendContextOf(http.request, access, body.key)
    const warning = warningOf(body.asked, origin.bytes)
    return sendAppended(http, await this.appends.append(body, origin), 'batch', warning)
  }
}
