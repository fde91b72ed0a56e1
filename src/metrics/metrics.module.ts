// The metrics of this server; a second server in the same process has its own.
import { Module } from '@nestjs/common'
import { HttpMetrics } from './http-metrics.js'
import { Metrics } from './metrics.js'

@Module({
  providers: [
    { provide: Metrics, useFactory: () => new Metrics() },
    { provide: HttpMetrics, useFactory: (metrics: Metrics) => new HttpMetrics(metrics), inject: [Metrics] },
  ],
  exports: [Metrics, HttpMetrics],
})
export class MetricsModule {}
