// Provides what operators need: metrics, the record of denials, revoked tokens, and the time that tokens are judged by.
import { Module } from '@nestjs/common'
import { AuthModule } from '../auth/auth.module.js'
import { DegradationModule } from '../degradation/degradation.module.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { ServiceStreamsModule } from '../service-streams/service-streams.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { DegradationJournal } from './degradation-journal.service.js'
import { MetricsController } from './metrics.controller.js'
import { ModeController } from './mode.controller.js'
import { ModeControl } from './mode-control.service.js'
import { RevocationsController } from './revocations.controller.js'
import { TokenRevocations } from './revocations.service.js'
import { SecurityJournal } from './security-journal.service.js'
import { TokenTime } from './token-time.service.js'

@Module({
  imports: [StorageModule, DegradationModule, ServiceStreamsModule, MetricsModule, AuthModule],
  controllers: [MetricsController, ModeController, RevocationsController],
  providers: [SecurityJournal, DegradationJournal, ModeControl, TokenRevocations, TokenTime],
})
export class OperationsModule {}
