// `GET /metrics`: for Prometheus, without a token and without a limit.
import { Controller, Get, Header } from '@nestjs/common'
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger'
import { Public } from '../auth/scope.decorator.js'
import { Metrics } from '../metrics/metrics.js'

@ApiTags('operations')
@Controller('metrics')
@Public()
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @ApiOperation({ summary: 'Metrics', description: 'In the text format of Prometheus; docs/METRICS.md tells each.' })
  @ApiOkResponse({ description: 'All metrics.', content: { 'text/plain': { schema: { type: 'string' } } } })
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  all(): Promise<string> {
    return this.metrics.registry.metrics()
  }
}
