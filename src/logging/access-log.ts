// Writes the line of each answered request by hand: the line of JSON that the logger would write, for a fraction of its cost.
import { type Logger, pino } from 'pino'
import { timestamp } from './logger.js'

interface Stream {
  write(line: string): void
}

/** The lines of one route and one status, of which only the request, the caller and the time differ. */
export class AccessLine {
  private unwritten: number

  constructor(
    private readonly stream: Stream,
    private readonly begin: string,
    private readonly middle: string,
    /** Of so many answers one is written, the first of all among them. */
    readonly oneIn: number,
  ) {
    this.unwritten = oneIn - 1
  }

  /** Whether it is the turn of this answer. */
  isDue(): boolean {
    if (++this.unwritten < this.oneIn) return false
    this.unwritten = 0
    return true
  }

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

/** Which answers are written. */
export interface AccessLogRules {
  /** Of so many answers one, where nothing is remarkable about them. */
  readonly oneIn: number
  /** One that took at least so long is always written; 0: time makes none remarkable. */
  readonly slowMs: number
}

const EVERY: AccessLogRules = { oneIn: 1, slowMs: 0 }

export interface AnsweredKind {
  readonly operation: string
  readonly status: number
  /** Each of them is written, as each failure is. */
  readonly remarkable?: boolean
}

export class AccessLog {
  private readonly stream: Stream
  readonly slowMs: number
  /** Which thread answers, where there are several. */
  private readonly thread: string

  constructor(
    private readonly logger: Logger,
    private readonly rules = EVERY,
  ) {
    this.slowMs = rules.slowMs === 0 ? Number.POSITIVE_INFINITY : rules.slowMs
    const { thread } = logger.bindings()
    this.thread = thread === undefined ? '' : `,"thread":${thread}`
    this.stream = (logger as unknown as Readonly<Record<symbol, Stream>>)[pino.symbols.streamSym] as Stream
  }

  get isKept(): boolean {
    return this.logger.isLevelEnabled('info')
  }

  /** Undefined when lines of this level are not logged. */
  line(level: 'debug' | 'info', { operation, status, remarkable = false }: AnsweredKind): AccessLine | undefined {
    if (!this.logger.isLevelEnabled(level)) return undefined
    const oneIn = remarkable || status >= 400 ? 1 : this.rules.oneIn
    const share = oneIn === 1 ? '' : `,"one_in":${oneIn}`
    const middle = `,"operation_type":${JSON.stringify(operation)},"status":${status}${share},"duration_ms":`
    return new AccessLine(this.stream, `{"level":"${level}"`, this.thread + middle, oneIn)
  }
}
