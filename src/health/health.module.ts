// Provides the probes of an orchestrator, the health of every component, and the port for scrapers.
import { Module } from '@nestjs/common'
import { TerminusModule } from '@nestjs/terminus'
import { AuthModule } from '../auth/auth.module.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { MonitorsModule } from '../monitors/monitors.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { ComponentChecks } from './component-checks.service.js'
import { ComponentHistory } from './component-history.service.js'
import { HealthController } from './health.controller.js'
import { MetricsListener } from './metrics-listener.service.js'
import { NetworkCheck } from './network-check.service.js'
import { Readiness } from './readiness.service.js'
import { StoreCheck } from './store-check.service.js'

@Module({
  // The answer and the component's own log name what is down; the line of Terminus would repeat it at every probe.
  imports: [AuthModule, StorageModule, MetricsModule, MonitorsModule, TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [Readiness, ComponentChecks, ComponentHistory, StoreCheck, NetworkCheck, MetricsListener],
})
export class HealthModule {}
