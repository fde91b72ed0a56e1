// Makes Nest and every service log through the logger of their server, with Nest's context as the component.
import { Module, Scope } from '@nestjs/common'
import { LoggerModule, PinoLogger } from 'nestjs-pino'
import type { Logger } from 'pino'
import { ProcessLogger } from '../config/config.module.js'
import { ServerLog } from './server-log.service.js'

/** Takes the place of the library's own; one for each service, which says under which component it writes. */
const serverLog = {
  provide: PinoLogger,
  scope: Scope.TRANSIENT,
  inject: [ProcessLogger],
  useFactory: (logger: Logger) => new ServerLog(logger),
}

@Module({
  imports: [
    LoggerModule.forRootAsync({
      inject: [ProcessLogger],
      useFactory: (logger: Logger) => ({
        pinoHttp: { logger, autoLogging: false },
        renameContext: 'component',
        // The middleware would cost more than the request it logs; the server's own hooks do its work.
        forRoutes: [],
      }),
      providers: [serverLog],
    }),
  ],
})
export class LoggingModule {}
