// Provides the settings and the process logger to all modules, and is the only global module, because all need them.
import { type DynamicModule, Global, Module } from '@nestjs/common'
import type { Logger } from 'pino'
import { Settings } from './settings.js'

/** The one logger of the process, which exists before the application does. */
export abstract class ProcessLogger {}

@Global()
@Module({})
export class ConfigModule {
  static of(settings: Settings, logger: Logger): DynamicModule {
    return {
      module: ConfigModule,
      providers: [
        { provide: Settings, useValue: settings },
        { provide: ProcessLogger, useValue: logger },
      ],
      exports: [Settings, ProcessLogger],
    }
  }
}
