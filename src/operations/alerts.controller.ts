// `/v1/admin/alerts` and `/v1/admin/silences`: what is wrong, who has been told, and what is not to be told.
import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common'
import { ApiBody } from '@nestjs/swagger'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs } from '../auth/scope.decorator.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { ValidatorPipe } from '../wire/validator.pipe.js'
import { AlertControl } from './alert-control.service.js'
import { AlertsAnswerDto, SilenceAnswerDto, SilenceDto, SilencesAnswerDto, TestedAnswerDto } from './alerts.dto.js'

@Controller('v1/admin')
export class AlertsController {
  constructor(private readonly control: AlertControl) {}

  @Get('alerts')
  @Needs('admin.read')
  @Route('listAlerts', {
    summary: 'List the alerts',
    description: 'What is wrong now, whether it is silenced or follows from something else, and which channels know.',
    answers: { 200: { description: 'All that stand.', type: AlertsAnswerDto } },
  })
  list(@Http() http: HttpExchange): string | Buffer {
    return http.send(this.control.list())
  }

  @Post('alerts/test')
  @HttpCode(200)
  @Needs('admin.write')
  @Route('checkChannels', {
    summary: 'Send a test alert',
    description: 'Tells every channel that is set up, once and at once, and answers what came of it.',
    answers: { 200: { description: 'What came of it.', type: TestedAnswerDto } },
  })
  async test(@Http() http: HttpExchange, @CallerAccess() access: Access): Promise<string | Buffer> {
    return http.send(await this.control.test(access))
  }

  @Get('silences')
  @Needs('admin.read')
  @Route('listSilences', {
    summary: 'List the silences',
    description: 'Those that stand and those to come, oldest first.',
    answers: { 200: { description: 'All of them.', type: SilencesAnswerDto } },
  })
  silences(@Http() http: HttpExchange): string | Buffer {
    return http.send({ silences: this.control.silences() })
  }

  @Post('silences')
  @Needs('admin.write')
  @Route('createSilence', {
    summary: 'Silence alerts',
    description:
      'For maintenance, or to put an alert off. Alerts that match are kept on the record and not told; those that are still open at the end of the silence are told then.',
    answers: { 201: { description: 'It is in force.', type: SilenceAnswerDto } },
  })
  @ApiBody({ type: SilenceDto })
  async silence(
    @Http() http: HttpExchange,
    @CallerAccess() access: Access,
    @Body(new ValidatorPipe(SilenceDto)) asked: SilenceDto,
  ): Promise<string | Buffer> {
    return http.send(await this.control.silence(asked, access))
  }

  @Delete('silences/:id')
  @Needs('admin.write')
  @Route('deleteSilence', {
    summary: 'Remove a silence',
    description: 'What it has held back and is still open is told.',
    path: [{ name: 'id', description: 'The id of the silence.', example: '0f8c1d3e5a7b9c11' }],
    answers: { 204: { description: 'It is removed.' } },
  })
  async remove(@Param('id') id: string, @CallerAccess() access: Access): Promise<void> {
    await this.control.remove(id, access)
  }
}
