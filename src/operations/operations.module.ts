// Provides what concerns tokens and operators: who a token is, tickets, revocations, the record of denials, metrics.
import { Module } from '@nestjs/common'
import { AlertingModule } from '../alerting/alerting.module.js'
import { AuthModule } from '../auth/auth.module.js'
import { DegradationModule } from '../degradation/degradation.module.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { MonitorsModule } from '../monitors/monitors.module.js'
import { ServiceStreamsModule } from '../service-streams/service-streams.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { AlertControl } from './alert-control.service.js'
import { AlertsController } from './alerts.controller.js'
import { DegradationJournal } from './degradation-journal.service.js'
import { DenialWatch } from './denial-watch.service.js'
import { HeapSnapshotController } from './heap/heap-snapshot.controller.js'
import { HeapSnapshots } from './heap/heap-snapshots.service.js'
import { MetricsController } from './metrics.controller.js'
import { ModeController } from './mode.controller.js'
import { ModeControl } from './mode-control.service.js'
import { OperatorWord } from './operator-word.service.js'
import { ReconciliationsController } from './reconciliation/reconciliations.controller.js'
import { Reconciliations } from './reconciliation/reconciliations.service.js'
import { RevocationsController } from './revocations.controller.js'
import { TokenRevocations } from './revocations.service.js'
import { SecurityJournal } from './security-journal.service.js'
import { ServiceLevelTable } from './service-levels/service-level-table.service.js'
import { ServiceLevelsController } from './service-levels/service-levels.controller.js'
import { AdminStatusController } from './status/admin-status.controller.js'
import { AdminStatus } from './status/admin-status.service.js'
import { TicketsController } from './tickets.controller.js'
import { TokenTime } from './token-time.service.js'
import { WhoAmIController } from './whoami.controller.js'
import { WhoAmI } from './whoami.service.js'

@Module({
  imports: [
    StorageModule,
    DegradationModule,
    ServiceStreamsModule,
    MetricsModule,
    MonitorsModule,
    AuthModule,
    AlertingModule,
  ],
  controllers: [
    AdminStatusController,
    AlertsController,
    HeapSnapshotController,
    MetricsController,
    ModeController,
    ReconciliationsController,
    RevocationsController,
    ServiceLevelsController,
    TicketsController,
    WhoAmIController,
  ],
  providers: [
    AdminStatus,
    AlertControl,
    SecurityJournal,
    DegradationJournal,
    DenialWatch,
    HeapSnapshots,
    ModeControl,
    OperatorWord,
    Reconciliations,
    ServiceLevelTable,
    TokenRevocations,
    TokenTime,
    WhoAmI,
  ],
})
export class OperationsModule {}
