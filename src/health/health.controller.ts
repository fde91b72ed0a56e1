// `GET /livez` says that the process runs; `GET /readyz` says whether it can serve.
import { Controller, Get, Header, Res } from '@nestjs/common'
import type { FastifyReply } from 'fastify'
import { Readiness } from './readiness.service.js'
import type { HealthReport } from './report.js'

@Controller()
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** Answers from memory alone, so that a slow disk never gets the process killed. */
  @Get('livez')
  @Header('cache-control', 'no-store')
  live(): HealthReport {
    return { status: 'ok', timestamp: new Date().toISOString(), checks: [] }
  }

  @Get('readyz')
  @Header('cache-control', 'no-store')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    const report = await this.readiness.report()
    if (report.status !== 'ok' && report.status !== 'degraded') void reply.status(503)
    return report
  }
}
