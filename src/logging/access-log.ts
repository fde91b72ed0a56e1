// Writes the line of each answered request by hand: the line of JSON that the logger would write, for a fraction of its cost.
import { type Logger, pino } from 'pino'
import { timestamp } from './logger.js'

interface Stream {
  write(line: string): void
}

/** The lines of one route and one status, of which only the request, the caller and the time differ. */
export class AccessLine {
  constructor(
    private readonly stream: Stream,
    private readonly begin: string,
    private readonly middle: string,
  ) {}

  write(correlationId: string, agentId: string | undefined, traceId: string | undefined, ms: number): void {
    const { begin, middle } = this
    // The names of agents and the ids of clients may hold anything, so they are quoted for each line.
    const agent = agentId === undefined ? '' : `,"agent_id":${JSON.stringify(agentId)}`
    const trace = traceId === undefined ? '' : `,"trace_id":"${traceId}"`
    const request = `"correlation_id":${JSON.stringify(correlationId)}${agent}${trace}`
    const took = Math.round(ms * 1_000) / 1_000
    this.stream.write(
      `${begin}${timestamp()},"component":"http",${request}${middle}${took},"message":"request answered"}\n`,
    )
  }
}

export class AccessLog {
  private readonly stream: Stream

  constructor(private readonly logger: Logger) {
    this.stream = (logger as unknown as Readonly<Record<symbol, Stream>>)[pino.symbols.streamSym] as Stream
  }

  get isKept(): boolean {
    return this.logger.isLevelEnabled('info')
  }

  /** Undefined when lines of this level are not logged. */
  line(level: 'debug' | 'info', operation: string, status: number): AccessLine | undefined {
    if (!this.logger.isLevelEnabled(level)) return undefined
    const middle = `,"operation_type":${JSON.stringify(operation)},"status":${status},"duration_ms":`
    return new AccessLine(this.stream, `{"level":"${level}"`, middle)
  }
}
