// Answers every unhandled error with problem details, and logs those that are the server's own fault.
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { PinoLogger } from 'nestjs-pino'
import { type Occurrence, type Problem, problemContentType, problemOf, retryAfterOf } from './problem.js'
import { traceOf } from './trace-context.js'

@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: PinoLogger) {
    logger.setContext('http')
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>())
  }

  /** Also for failures reported inside an answer; details that a problem leaves out are logged under its trace id. */
  problem(error: unknown, request: FastifyRequest): Problem {
    const { url: path, id: correlationId } = request
    const traceId = traceOf(request)
    return this.occurred(error, { path, correlationId, traceId, isAppend: request.method === 'POST' })
  }

  /** As `problem`, for a request that came in a frame. */
  occurred(error: unknown, occurrence: Occurrence): Problem {
    const { correlationId, traceId } = occurrence
    const problem = problemOf(error, occurrence)
    const { status, code } = problem
    // ABORTED means that the caller has left, which is no failure of the server.
    if (status >= 500 && code !== 'ABORTED')
      this.logger.error({ error, code, correlation_id: correlationId, trace_id: traceId }, 'a request failed')
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
