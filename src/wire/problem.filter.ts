// Answers every unhandled error with problem details, and logs those that are the server's own fault.
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { PinoLogger } from 'nestjs-pino'
import { failureKind, type Occurrence, type Problem, problemContentType, problemOf, retryAfterOf } from './problem.js'
import { traceOf } from './trace-context.js'

const EVERY_MS = 60_000
/** Of further kinds every failure is told. */
const KINDS_MAX = 100

interface Kind {
  /** The mark of the one that was told. */
  readonly first: string
  readonly more: number
}

/**
 * Decides which failures are worth a line of the log: the first of a kind, and then how many more came. `told` is called
 * at most once in `everyMs` for each kind, and only when there were more.
 */
export class FailureTally {
  private readonly kinds = new Map<string, { first: string; more: number }>()

  constructor(
    private readonly told: (kind: Kind) => void,
    private readonly everyMs = EVERY_MS,
  ) {}

  /** The mark of the failure to look for in the log: this one when it is to be told itself, an earlier one otherwise. */
  firstOf(kind: string, mark: string): string {
    const known = this.kinds.get(kind)
    if (known !== undefined) {
      known.more++
      return known.first
    }
    if (this.kinds.size < KINDS_MAX) this.begin(kind, mark)
    return mark
  }

  private begin(kind: string, first: string): void {
    this.kinds.set(kind, { first, more: 0 })
    setTimeout(() => this.end(kind), this.everyMs).unref()
  }

  /** A kind that was quiet is forgotten, so that the next one is told in full again. */
  private end(kind: string): void {
    const known = this.kinds.get(kind)
    this.kinds.delete(kind)
    if (known === undefined || known.more === 0) return
    this.begin(kind, known.first)
    this.told(known)
  }
}

@Catch()
export class ProblemFilter implements ExceptionFilter {
  /** A store that takes no appends refuses every one of them, and its log would fill the disk that is full already. */
  private readonly tally = new FailureTally(({ first, more }) =>
    this.logger.error({ trace_id: first, count: more }, 'more requests failed for the same reason'),
  )

  constructor(private readonly logger: PinoLogger) {
    logger.setContext('http')
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>())
  }

  /** Also for failures reported inside an answer; details that a problem leaves out are logged under the trace id that it names. */
  problem(error: unknown, request: FastifyRequest): Problem {
    const { url: path, id: correlationId } = request
    const traceId = traceOf(request)
    return this.occurred(error, { path, correlationId, traceId, isAppend: request.method === 'POST' })
  }

  /** As `problem`, for a request that came in a frame. */
  occurred(error: unknown, occurrence: Occurrence): Problem {
    const { correlationId, traceId, frame } = occurrence
    const kind = failureKind(error)
    if (kind === undefined) return problemOf(error, occurrence)
    const { code } = problemOf(error, occurrence)
    // Each defect has a line of its own, because no two need be the same.
    const loggedUnder = code === 'INTERNAL' ? traceId : this.tally.firstOf(kind, traceId)
    const problem = problemOf(error, { ...occurrence, loggedUnder })
    if (loggedUnder === traceId)
      this.logger.error(
        { error, code, correlation_id: correlationId, frame_id: frame, trace_id: traceId },
        'a request failed',
      )
    return problem
  }

  /** Also called for errors that Fastify meets before or after Nest handles the request. */
  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const problem = this.problem(error, request)
    const { status } = problem
    // The status is sent already, so closing the connection is the only way left to show the failure.
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy()
      return
    }
    const retryAfter = retryAfterOf(error)
    if (retryAfter !== undefined) void reply.header('retry-after', String(retryAfter))
    if (status === 415) void reply.header('accept-encoding', 'identity').header('connection', 'close')
    void reply.status(status).type(problemContentType).send(JSON.stringify(problem))
  }
}
