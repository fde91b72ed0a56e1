// Lets Nest and every service log through the process's pino logger, with Nest's context as the component.
import { type DynamicModule, Module } from '@nestjs/common'
import { LoggerModule } from 'nestjs-pino'
import type { Logger } from 'pino'

@Module({})
export class LoggingModule {
  static of(logger: Logger): DynamicModule {
    return {
      module: LoggingModule,
      imports: [
        LoggerModule.forRoot({
          pinoHttp: { logger, autoLogging: false },
          renameContext: 'component',
          // Its middleware costs more than the request it logs; the server's own hooks do that work.
          forRoutes: [],
        }),
      ],
    }
  }
}
