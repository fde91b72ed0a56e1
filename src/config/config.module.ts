// Hands what the process brings along to everyone who asks for it. The only global module: settings are true everywhere.
import { type DynamicModule, Global, Module } from '@nestjs/common'
import type { Logger } from 'pino'
import { Settings } from './settings.js'

/** The one logger of the process, which is older than the application. */
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
