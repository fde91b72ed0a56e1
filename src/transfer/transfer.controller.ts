// `GET /v1/export`: every event of a store, as lines from which the same store can be made elsewhere.
import type { Readable } from 'node:stream'
import { Controller, Get, Query } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs } from '../auth/scope.decorator.js'
import { StoreError } from '../contract/errors.js'
import { EventStore } from '../contract/event-store.js'
import { knownPosition } from '../contract/moment.js'
import { NdjsonAnswers } from '../streaming/ndjson-answers.service.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { ValidatorPipe } from '../wire/validator.pipe.js'
import { exportFrames } from './export-frames.js'
import { ExportParameters } from './transfer.dto.js'

@Controller('v1/export')
export class ExchangeController {
  constructor(
    private readonly store: EventStore,
    private readonly lines: NdjsonAnswers,
  ) {}

  @Get()
  @Needs('admin.read')
  @Route('exportEvents', {
    summary: 'Export every event',
    description:
      'NDJSON up to the head of now, streams of the service included, ended by an `end` frame; `lighthouse import` makes the same store of it. Needs events.read of everything too.',
    answers: {
      200: {
        description:
          'One frame a line: events as everywhere, with `record`, their stored bytes, where JSON does not say them.',
        content: { 'application/x-ndjson': { schema: { type: 'string' } } },
      },
    },
  })
  async export(
    @Http() http: HttpExchange,
    @CallerAccess() access: Access,
    @Query(new ValidatorPipe(ExportParameters)) { after = 0 }: ExportParameters,
  ): Promise<Readable> {
    http.form(['ndjson'])
    if (access.within('events.read') !== undefined)
      throw new StoreError('FORBIDDEN', 'An export holds everything: events.read of this token must cover * and $*.')
    http.announce('ndjson')
    return this.lines.send(exportFrames(this.store, knownPosition(after, this.store.head())), http)
  }
}
