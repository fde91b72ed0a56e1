// Provides what concerns tokens and operators: who a token is, tickets, revocations, the record of denials, metrics.
import { Module } from '@nestjs/common'
import { AuthModule } from '../auth/auth.module.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { ServiceStreamsModule } from '../service-streams/service-streams.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { MetricsController } from './metrics.controller.js'
import { RevocationsController } from './revocations.controller.js'
import { TokenRevocations } from './revocations.service.js'
import { SecurityJournal } from './security-journal.service.js'
import { TicketsController } from './tickets.controller.js'
import { TokenTime } from './token-time.service.js'
import { WhoAmIController } from './whoami.controller.js'
import { WhoAmI } from './whoami.service.js'

@Module({
  imports: [StorageModule, ServiceStreamsModule, MetricsModule, AuthModule],
  controllers: [MetricsController, RevocationsController, TicketsController, WhoAmIController],
  providers: [SecurityJournal, TokenRevocations, TokenTime, WhoAmI],
})
export class OperationsModule {}
