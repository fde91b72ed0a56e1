// `GET /v1/admin/service-levels`: how well each objective of the service is met, and what is left of its error budget.
import { Controller, Get } from '@nestjs/common'
import { Needs } from '../../auth/scope.decorator.js'
import { Http, type HttpExchange } from '../../wire/http.decorator.js'
import { Route } from '../../wire/openapi/route.decorator.js'
import { ServiceLevelTable } from './service-level-table.service.js'
import { ServiceLevelsAnswerDto } from './service-levels.dto.js'

@Controller('v1/admin/service-levels')
export class ServiceLevelsController {
  constructor(private readonly table: ServiceLevelTable) {}

  @Get()
  @Needs('admin.read')
  @Route('readServiceLevels', {
    summary: 'The objectives of the service',
    description:
      'Of each objective: what is asked, what was counted since the start, how much of its error budget is left, and how fast it is spent (1: evenly over 30 days) in the last 5 and 30 minutes, hour and 6 hours. `warning` is missed for hours, `critical` fast.',
    answers: { 200: { description: 'The objectives.', type: ServiceLevelsAnswerDto } },
  })
  levels(@Http() http: HttpExchange): string | Buffer {
    return http.send(this.table.answer())
  }
}
