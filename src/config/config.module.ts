// Provides the settings, the process logger and what this thread is to all modules: the only global one, as all need them.
import { type DynamicModule, Global, Module } from '@nestjs/common'
import type { Logger } from 'pino'
import { ThisThread } from '../threads/this-thread.js'
import { Settings } from './settings.js'

/** The one logger of the process, which exists before the application does. */
export abstract class ProcessLogger {}

@Global()
@Module({})
export class ConfigModule {
  static of(settings: Settings, logger: Logger, thread = new ThisThread()): DynamicModule {
    return {
      module: ConfigModule,
      providers: [
        { provide: Settings, useValue: settings },
        { provide: ProcessLogger, useValue: logger },
        { provide: ThisThread, useValue: thread },
      ],
      exports: [Settings, ProcessLogger, ThisThread],
    }
  }
}
