// `GET /v1/admin/status`: who leads, of which lineage and epoch, and what this node is cut off from.
import { Controller, Get } from '@nestjs/common'
import { Needs } from '../../auth/scope.decorator.js'
import { Http, type HttpExchange } from '../../wire/http.decorator.js'
import { Route } from '../../wire/openapi/route.decorator.js'
import { AdminStatusAnswerDto } from './admin-status.dto.js'
import { AdminStatus } from './admin-status.service.js'

@Controller('v1/admin/status')
export class AdminStatusController {
  constructor(private readonly status: AdminStatus) {}

  @Get()
  @Needs('admin.read')
  @Route('readStatus', {
    summary: 'Who leads, and of which log',
    description:
      'The lineage and the epoch, whether this process owns the log at this moment, and what of a partition one node can see: whether it is cut off from its storage, from what it depends on, or from clients.',
    answers: { 200: { description: 'The status.', type: AdminStatusAnswerDto } },
  })
  async read(@Http() http: HttpExchange): Promise<string | Buffer> {
    return http.send(await this.status.answer())
  }
}
