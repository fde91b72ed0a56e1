// What is said of a session: problems to its client, and lines of the log to operators.
import { Injectable } from '@nestjs/common'
import { PinoLogger } from 'nestjs-pino'
import type { ClientFrame } from '../streaming/frame-handlers.service.js'
import { isCorrelationId } from '../wire/correlation-id.js'
import { ProblemFilter } from '../wire/problem.filter.js'
import { traceIdOf, traceparentOf } from '../wire/trace-context.js'
import { STREAM_PATH, type UpgradeInfo } from './handshake.service.js'

/** The names that an append may have of its own, unchecked. */
interface Named {
  readonly correlationId?: unknown
  readonly traceparent?: unknown
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

  problem(error: unknown, opening: UpgradeInfo, frame?: ClientFrame): object {
    const isAppend = frame?.type === 'append'
    const own: Named = isAppend ? (frame as Named) : {}
    const correlationId = isCorrelationId(own.correlationId) ? own.correlationId : opening.correlationId
    const traceId = traceIdOf(traceparentOf(own.traceparent) ?? opening.traceparent)
    return this.problems.occurred(error, { path: STREAM_PATH, correlationId, traceId, isAppend, frame: frame?.id })
  }

  /** Undefined while lines of connections are not written. */
  get line(): WriteLine | undefined {
    return this.logger.logger.isLevelEnabled('info') ? this.write : undefined
  }
}
