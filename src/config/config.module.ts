// Provides the settings, the process logger and what threads share to all modules, and is the only global module, because all need them.
import { type DynamicModule, Global, Module } from '@nestjs/common'
import type { Logger } from 'pino'
import { SharedLimits } from '../threads/shared-limits.js'
import { Settings } from './settings.js'

/** The one logger of the process, which exists before the application does. */
export abstract class ProcessLogger {}

@Global()
@Module({})
export class ConfigModule {
  /** A thread that is not the only one has limits in memory that the others have too. */
  static of(settings: Settings, logger: Logger, limits = new SharedLimits()): DynamicModule {
    return {
      module: ConfigModule,
      providers: [
        { provide: Settings, useValue: settings },
        { provide: ProcessLogger, useValue: logger },
        { provide: SharedLimits, useValue: limits },
      ],
      exports: [Settings, ProcessLogger, SharedLimits],
    }
  }
}
