// `POST /v1/events/query`: finds events by conditions and reports how they were found.
import { Body, Controller, HttpCode, Post } from '@nestjs/common'
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { CostlyReads } from '../auth/costly-reads.js'
import { Needs } from '../auth/scope.decorator.js'
import { plainBody } from '../wire/body.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { QueryAnswerDto, QueryDto } from './indexing.dto.js'
import { Queries } from './queries.service.js'
import { readQueryBody } from './read-query-body.js'

@ApiTags('events')
@Controller('v1/events')
export class QueriesController {
  constructor(
    private readonly queries: Queries,
    private readonly costly: CostlyReads,
  ) {}

  @Post('query')
  @HttpCode(200)
  @Needs('events.query')
  @ApiOperation({
    summary: 'Find events by conditions on any field, data and metadata included',
    description:
      'Uses the index where the conditions allow, and says in `plan` what it did. A page may end early with a cursor when much had to be looked at.',
  })
  @ApiBody({ type: QueryDto })
  @ApiOkResponse({ description: 'Events that match, and how they were found.', type: QueryAnswerDto })
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
