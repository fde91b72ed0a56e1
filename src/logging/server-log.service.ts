// The log of one server as its services know it: each server of a process has its own, where the library keeps the first for all.
import { PinoLogger } from 'nestjs-pino'
import type { Logger } from 'pino'

export class ServerLog extends PinoLogger {
  constructor(private readonly own: Logger) {
    super({ pinoHttp: { logger: own }, renameContext: 'component' })
  }

  override get logger(): Logger {
    return this.own
  }
}
