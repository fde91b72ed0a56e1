// `/v1/admin/reconciliations`: what came of comparing held events with the stream, and the operator's word on conflicts.
import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common'
import { ApiBody } from '@nestjs/swagger'
import type { Access } from '../../auth/access.js'
import { CallerAccess } from '../../auth/caller.decorator.js'
import { Needs } from '../../auth/scope.decorator.js'
import { Http, type HttpExchange } from '../../wire/http.decorator.js'
import { Route } from '../../wire/openapi/route.decorator.js'
import { ValidatorPipe } from '../../wire/validator.pipe.js'
import { OverrideAnswerDto, OverrideDto, ReconciliationsAnswerDto } from './reconciliations.dto.js'
import { Reconciliations } from './reconciliations.service.js'

@Controller('v1/admin/reconciliations')
export class ReconciliationsController {
  constructor(private readonly reconciliations: Reconciliations) {}

  @Get()
  @Needs('admin.read')
  @Route('listReconciliations', {
    summary: 'List the reconciliations',
    description:
      'What came of it each time the service compared its own events that had waited in memory with what was stored.',
    answers: { 200: { description: 'The newest of them.', type: ReconciliationsAnswerDto } },
  })
  async list(@Http() http: HttpExchange): Promise<string | Buffer> {
    return http.send({ reconciliations: await this.reconciliations.list() })
  }

  @Post('override')
  @HttpCode(200)
  @Needs('admin.write')
  @Route('forceLoser', {
    summary: 'Let the loser of a conflict count',
    description:
      'Appends the event that gave way once more, and who asked for it and why. States that are folded from the stream have it from the next start on. Asked again, it answers the same and appends nothing; of a name without a conflict it says so.',
    answers: { 200: { description: 'What came of it.', type: OverrideAnswerDto } },
  })
  @ApiBody({ type: OverrideDto })
  async override(
    @Http() http: HttpExchange,
    @CallerAccess() access: Access,
    @Body(new ValidatorPipe(OverrideDto)) asked: OverrideDto,
  ): Promise<string | Buffer> {
    return http.send(await this.reconciliations.override(asked, access))
  }
}
