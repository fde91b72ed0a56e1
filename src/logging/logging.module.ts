// Makes Nest and every service log through the process logger, with Nest's context as the component.
import { Module } from '@nestjs/common'
import { LoggerModule } from 'nestjs-pino'
import type { Logger } from 'pino'
import { ProcessLogger } from '../config/config.module.js'

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
    }),
  ],
})
export class LoggingModule {}
