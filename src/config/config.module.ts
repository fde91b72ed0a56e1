// Provides the settings, the process logger and what threads are and share to all modules: the only global one, as all need them.
import { type DynamicModule, Global, Module } from '@nestjs/common'
import type { Logger } from 'pino'
import { SharedLimits } from '../threads/shared-limits.js'
import { ThisThread } from '../threads/this-thread.js'
import { Settings } from './settings.js'

/** The one logger of the process, which exists before the application does. */
export abstract class ProcessLogger {}

/** What a thread is given where there are several. */
export interface AmongThreads {
  readonly thread?: ThisThread
  readonly limits?: SharedLimits
}

@Global()
@Module({})
export class ConfigModule {
  /** A thread that is not the only one has limits in memory that the others have too. */
  static of(
    settings: Settings,
    logger: Logger,
    { thread = new ThisThread(), limits = new SharedLimits() }: AmongThreads = {},
  ): DynamicModule {
    return {
      module: ConfigModule,
      providers: [
        { provide: Settings, useValue: settings },
        { provide: ProcessLogger, useValue: logger },
        { provide: ThisThread, useValue: thread },
        { provide: SharedLimits, useValue: limits },
      ],
      exports: [Settings, ProcessLogger, ThisThread, SharedLimits],
    }
  }
}
