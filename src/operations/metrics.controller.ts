// `GET /metrics` for Prometheus: without a token all names are summed up, and a token with admin.read sees them.
import { Controller, Get, Header, Req } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { Needs } from '../auth/scope.decorator.js'
import { METRICS_TYPE, Metrics } from '../metrics/metrics.js'
import { Route } from '../wire/openapi/route.decorator.js'

@Controller('metrics')
@Needs('optional')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @Route('readMetrics', {
    summary: 'Metrics',
    description:
      'In the text format of Prometheus; docs/METRICS.md tells each. Without a token, or with one that lacks admin.read, names of agents, types and groups read `all`, and the figures are their sums.',
    answers: { 200: { description: 'All metrics.', content: { 'text/plain': { schema: { type: 'string' } } } } },
  })
  @Header('content-type', METRICS_TYPE)
  all(@Req() { access }: FastifyRequest): Promise<string> {
    return access?.has('admin.read') ? this.metrics.text() : this.metrics.textWithoutNames()
  }
}
