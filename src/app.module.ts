// The whole server, assembled: the list of its parts and nothing else.
import { type DynamicModule, Module } from '@nestjs/common'
import type { Logger } from 'pino'
import { AlertingModule } from './alerting/alerting.module.js'
import { ApiDocsModule } from './api-docs/api-docs.module.js'
import { ProblemPagesModule } from './api-docs/problem-pages.module.js'
import { AuthModule } from './auth/auth.module.js'
import { type AmongThreads, ConfigModule } from './config/config.module.js'
import type { Settings } from './config/settings.js'
import { AsyncAppendsModule } from './events/async-appends.module.js'
import { EventsModule } from './events/events.module.js'
import { GroupsModule } from './groups/groups.module.js'
import { HealthModule } from './health/health.module.js'
import { IndexModule } from './indexing/indexing.module.js'
import { LoggingModule } from './logging/logging.module.js'
import { OperationsModule } from './operations/operations.module.js'
import { ProjectionsModule } from './projections/projections.module.js'
import { ReplayModule } from './replay/replay.module.js'
import { SnapshotsModule } from './snapshots/snapshots.module.js'
import { StorageModule } from './storage/storage.module.js'
import { ExchangeModule } from './transfer/transfer.module.js'
import { WebSocketModule } from './websocket/websocket.module.js'
import { WireModule } from './wire/wire.module.js'

@Module({
  imports: [
    LoggingModule,
    WireModule,
    AuthModule,
    StorageModule,
    HealthModule,
    OperationsModule,
    AlertingModule,
    AsyncAppendsModule,
    EventsModule,
    WebSocketModule,
    GroupsModule,
    IndexModule,
    ReplayModule,
    ProjectionsModule,
    SnapshotsModule,
    ExchangeModule,
    ProblemPagesModule,
  ],
})
export class AppModule {}

/** The server for these settings. Without docs their module is left out, so their routes do not exist. */
export function serverOf(settings: Settings, logger: Logger, among: AmongThreads = {}): DynamicModule {
  const pages = settings.docsEnabled ? [ApiDocsModule] : []
  return { module: AppModule, imports: [ConfigModule.of(settings, logger, among), ...pages] }
}
