// The metrics of a server, without the server.
import { NestFactory } from '@nestjs/core'
import { Metrics } from '../../src/metrics/metrics.js'
import { MetricsModule } from '../../src/metrics/metrics.module.js'

export async function metricsUnderTest(): Promise<Metrics> {
  const context = await NestFactory.createApplicationContext(MetricsModule, { logger: false })
  return context.get(Metrics)
}
