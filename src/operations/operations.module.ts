// Provides what operators need: metrics, the record of denials, revoked tokens, and the time that tokens are judged by.
import { Module } from '@nestjs/common'
import { AuthModule } from '../auth/auth.module.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { ServiceStreamsModule } from '../service-streams/service-streams.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { MetricsController } from './metrics.controller.js'
import { RevocationsController } from './revocations.controller.js'
import { TokenRevocations } from './revocations.service.js'
import { SecurityJournal } from './security-journal.service.js'
import { TokenTime } from './token-time.service.js'

@Module({
  imports: [StorageModule, ServiceStreamsModule, MetricsModule, AuthModule],
  controllers: [MetricsController, RevocationsController],
  providers: [SecurityJournal, TokenRevocations, TokenTime],
})
export class OperationsModule {}
