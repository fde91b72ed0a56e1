// Takes what Nest and the services log into the process logger, but not the hundred lines in which Nest tells of a start.
import { Logger as NestLogger } from 'nestjs-pino'
import type { Logger } from 'pino'
import { ServerLog } from '../logging/server-log.service.js'

/** Nest names its loggers after its classes; the components of this server are in lower case. */
const OF_NEST = /^[A-Z]/
/** Under these names Nest tells of what it throws as well: why a start failed, and why no port could be had. */
const THROWN_TOO = new Set<unknown>(['ExceptionHandler', 'NestApplication'])

export function nestLog(logger: Logger): NestLogger {
  return new NestLog(new ServerLog(logger), { renameContext: 'component' })
}

class NestLog extends NestLogger {
  override log(message: unknown, ...more: unknown[]): void {
    if (!OF_NEST.test(String(more.at(-1)))) super.log(message, ...more)
  }

  override error(message: unknown, ...more: unknown[]): void {
    if (!THROWN_TOO.has(more.at(-1))) super.error(message, ...more)
  }
}
