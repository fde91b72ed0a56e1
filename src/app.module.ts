// The whole server, assembled: the list of its parts and nothing else.
import { type DynamicModule, Module } from '@nestjs/common'
import type { Logger } from 'pino'
import { ApiDocsModule } from './api-docs/api-docs.module.js'
import { AuthModule } from './auth/auth.module.js'
import type { AuthOptions } from './auth/auth-options.js'
import { ConfigModule } from './config/config.module.js'
import type { Settings } from './config/settings.js'
import { EventsModule } from './events/events.module.js'
import { HealthModule } from './health/health.module.js'
import { IndexModule } from './indexing/indexing.module.js'
import { LoggingModule } from './logging/logging.module.js'
import { SecurityModule } from './operations/operations.module.js'
import { ReplayModule } from './replay/replay.module.js'
import { SnapshotsModule } from './snapshots/snapshots.module.js'
import { StorageModule } from './storage/storage.module.js'
import { ExchangeModule } from './transfer/transfer.module.js'
import { SubscriptionsModule } from './websocket/websocket.module.js'
import { WireModule } from './wire/wire.module.js'

export interface Parts {
  readonly settings: Settings
  readonly logger: Logger
  readonly auth: AuthOptions
  /** Shown by the pages of a development server. */
  readonly developmentToken: string | undefined
}

@Module({})
export class AppModule {
  static of({ settings, logger, auth, developmentToken }: Parts): DynamicModule {
    const authModule = AuthModule.of(auth)
    const eventsModule = EventsModule.of(authModule)
    const replayModule = ReplayModule.of(eventsModule)
    return {
      module: AppModule,
      imports: [
        ConfigModule.of(settings),
        LoggingModule.of(logger),
        WireModule,
        authModule,
        StorageModule,
        HealthModule,
        eventsModule,
        SubscriptionsModule.of(authModule, eventsModule),
        IndexModule.of(authModule),
        replayModule,
        SnapshotsModule.of(replayModule),
        ExchangeModule.of(eventsModule),
        SecurityModule.of(authModule),
        ApiDocsModule.of({ developmentToken }, settings.docsEnabled),
      ],
    }
  }
}
