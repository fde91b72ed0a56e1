// Keeps a record of who was denied what, whose tokens are revoked, and until when tokens are good.
import { type DynamicModule, Module } from '@nestjs/common'
import { MetricsModule } from '../metrics/metrics.module.js'
import { ServiceStreamsModule } from '../service-streams/service-streams.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { RevocationsController } from './revocations.controller.js'
import { TokenRevocations } from './revocations.service.js'
import { SecurityJournal } from './security-journal.service.js'
import { TokenTime } from './token-time.service.js'

@Module({})
export class SecurityModule {
  /** `auth` is the application's own, which tells what was denied. */
  static of(auth: DynamicModule): DynamicModule {
    return {
      module: SecurityModule,
      imports: [StorageModule, ServiceStreamsModule, MetricsModule, auth],
      controllers: [RevocationsController],
      providers: [SecurityJournal, TokenRevocations, TokenTime],
    }
  }
}
