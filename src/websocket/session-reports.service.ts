// What is said of a session: problems to its client, and lines of the log to operators.
import { Injectable } from '@nestjs/common'
import { PinoLogger } from 'nestjs-pino'
import { ProblemFilter } from '../wire/problem.filter.js'
import { traceIdOf } from '../wire/trace-context.js'
import { STREAM_PATH, type UpgradeInfo } from './handshake.service.js'

interface FrameFacts {
  readonly isAppend: boolean
  /** Its id, where it has one. */
  readonly frame: string | undefined
}

export type WriteLine = (facts: object, message: string) => void

@Injectable()
export class SessionReports {
  private readonly write: WriteLine = (facts, message) => this.logger.info(facts, message)

  constructor(
    private readonly problems: ProblemFilter,
    private readonly logger: PinoLogger,
  ) {
    logger.setContext('websocket')
  }

  problem(error: unknown, { correlationId, traceparent }: UpgradeInfo, frame: FrameFacts): object {
    const traceId = traceIdOf(traceparent)
    return this.problems.occurred(error, { path: STREAM_PATH, correlationId, traceId, ...frame })
  }

  /** Undefined while lines of connections are not written. */
  get line(): WriteLine | undefined {
    return this.logger.logger.isLevelEnabled('info') ? this.write : undefined
  }
}
