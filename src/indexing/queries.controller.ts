// `POST /v1/events/query`: finds events by conditions and reports how they were found.
import { Body, Controller, Post } from '@nestjs/common'
import { ApiBody } from '@nestjs/swagger'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { CostlyReads } from '../auth/costly-reads.js'
import { Needs } from '../auth/scope.decorator.js'
import { plainBody } from '../wire/body.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { QueryAnswerDto, QueryDto } from './indexing.dto.js'
import { Queries } from './queries.service.js'
import { readQueryBody } from './read-query-body.js'

@Controller('v1/events')
export class QueriesController {
  constructor(
    private readonly queries: Queries,
    private readonly costly: CostlyReads,
  ) {}

  @Post('query')
  @Needs('events.query')
  @Route('queryEvents', {
    summary: 'Find events by conditions on any field, data and metadata included',
    description:
      'Uses the index where the conditions allow, and says in `plan` what it did. A page may end early with a cursor when much had to be looked at.',
    answers: { 200: { description: 'Events that match, and how they were found.', type: QueryAnswerDto } },
  })
  @ApiBody({ type: QueryDto })
  async query(
    @Body() body: unknown,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<string | Buffer> {
    const form = http.form()
    const query = readQueryBody(plainBody(body))
    const within = access.within('events.query')
    const page = await this.costly.run(access, http, () => this.queries.answer(query, within, form))
    http.announce(form)
    return page
  }
}
