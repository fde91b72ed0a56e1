// The whole server, assembled: the list of its parts and nothing else.
import { type DynamicModule, Module } from '@nestjs/common'
import type { Logger } from 'pino'
import { ConfigModule } from './config/config.module.js'
import type { Settings } from './config/settings.js'
import { HealthModule } from './health/health.module.js'
import { LoggingModule } from './logging/logging.module.js'
import { StorageModule } from './storage/storage.module.js'
import { WireModule } from './wire/wire.module.js'

@Module({})
export class AppModule {
  static of(settings: Settings, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [ConfigModule.of(settings), LoggingModule.of(logger), WireModule, StorageModule, HealthModule],
    }
  }
}
