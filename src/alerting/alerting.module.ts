// Provides the alerts, what keeps them, and the heartbeat; operators speak to them by the routes of OperationsModule.
import { Module } from '@nestjs/common'
import { MetricsModule } from '../metrics/metrics.module.js'
import { ServiceStreamsModule } from '../service-streams/service-streams.module.js'
import { SignalsModule } from '../signals/signals.module.js'
import { StoreModule } from '../storage/store.module.js'
import { AlertOutbox } from './alert-outbox.service.js'
import { Alerts } from './alerts.service.js'
import { Heartbeat } from './heartbeat.service.js'

@Module({
  imports: [StoreModule, ServiceStreamsModule, MetricsModule, SignalsModule],
  providers: [AlertOutbox, Alerts, Heartbeat],
  exports: [Alerts],
})
export class AlertingModule {}
