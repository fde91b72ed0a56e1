// Answers every error that nobody handled with problem details, and logs those that are the server's own fault.
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, NotFoundException } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { PinoLogger } from 'nestjs-pino'
import { problemContentType, problemOf } from './problem.js'

@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: PinoLogger) {
    logger.setContext('http')
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>()
    const reply = host.switchToHttp().getResponse<FastifyReply>()
    const status = statusOf(error)
    if (status >= 500) this.logger.error({ error, correlation_id: request.id }, 'a request failed')
    if (reply.sent) return
    const detail = detailOf(error, request)
    const problem = problemOf({ status, detail, path: request.url, correlationId: request.id })
    void reply.status(status).type(problemContentType).send(JSON.stringify(problem))
  }
}

/** Nest's and Fastify's errors name their status; anything else is a defect. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus()
  const named = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined
  return typeof named === 'number' && named >= 400 && named <= 599 ? named : 500
}

/** The router's own message repeats the query, which may hold what nobody should pass around. */
function detailOf(error: unknown, request: FastifyRequest): string {
  if (error instanceof NotFoundException && request.routeOptions.url === undefined) {
    return 'There is no route for this method and path.'
  }
  return error instanceof Error ? error.message : 'The request cannot be served.'
}
