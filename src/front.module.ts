// What a front thread serves: appends, reads, queries and the stream. Every other route is relayed to the writer.
import { type DynamicModule, Module } from '@nestjs/common'
import type { Logger } from 'pino'
import { AuthModule } from './auth/auth.module.js'
import { type AmongThreads, ConfigModule } from './config/config.module.js'
import type { Settings } from './config/settings.js'
import { EventsModule } from './events/events.module.js'
import { ConsumerRelayModule } from './groups/consumer-relay.module.js'
import { IndexModule } from './indexing/indexing.module.js'
import { LoggingModule } from './logging/logging.module.js'
import { TokenTime } from './operations/token-time.service.js'
import { StoreModule } from './storage/store.module.js'
import { WebSocketModule } from './websocket/websocket.module.js'
import { WireModule } from './wire/wire.module.js'

@Module({
  imports: [
    LoggingModule,
    WireModule,
    AuthModule,
    StoreModule,
    EventsModule,
    WebSocketModule,
    ConsumerRelayModule,
    IndexModule,
  ],
  providers: [TokenTime],
})
export class FrontModule {}

export function frontOf(settings: Settings, logger: Logger, among: AmongThreads): DynamicModule {
  return { module: FrontModule, imports: [ConfigModule.of(settings, logger, among)] }
}
