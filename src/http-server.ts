// The Fastify instance under Nest: its time and size limits, and what it does to every request and answer.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { withCorrelationId } from './logging/correlation.js'
import { correlationHeader, correlationIdOf } from './wire/correlation-id.js'
import { problemContentType, problemOf } from './wire/problem.js'

// Fastify and Node wait for ever unless told otherwise.
export const httpLimits = {
  /** For a request to arrive completely, headers and body. */
  requestTimeoutMs: 60_000,
  /** For a connection on which nothing moves; longer than the longest wait a route offers. */
  connectionTimeoutMs: 120_000,
  /** For an idle connection between two requests; longer than load balancers keep theirs. */
  keepAliveTimeoutMs: 72_000,
  maxConnections: 10_000,
  maxBodyBytes: 16 * 1024 * 1024,
} as const

export function createHttpAdapter(): FastifyAdapter {
  return new FastifyAdapter({
    requestTimeout: httpLimits.requestTimeoutMs,
    connectionTimeout: httpLimits.connectionTimeoutMs,
    keepAliveTimeout: httpLimits.keepAliveTimeoutMs,
    bodyLimit: httpLimits.maxBodyBytes,
    genReqId: (request: IncomingMessage) => correlationIdOf(request.headers[correlationHeader]),
    forceCloseConnections: 'idle',
    frameworkErrors: answerBeforeRouting,
    clientErrorHandler: answerBeforeParsing,
  })
}

/** What happens to every request; called once, before the application is initialised. */
export function dressHttpServer(app: NestFastifyApplication, logger: Logger): void {
  app.getHttpServer().maxConnections = httpLimits.maxConnections
  const log = logger.child({ component: 'http' })
  const fastify = app.getHttpAdapter().getInstance()
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header(correlationHeader, request.id)
    withCorrelationId(request.id, done)
  })
  fastify.addHook('onResponse', (request, reply, done) => {
    log[isProbe(request) ? 'debug' : 'info'](
      {
        correlation_id: request.id,
        operation_type: `${request.method} ${request.routeOptions.url ?? 'unknown'}`,
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 1000) / 1000,
      },
      'request answered',
    )
    done()
  })
}

/** Probes come every few seconds for ever; their lines would drown the others. */
function isProbe(request: FastifyRequest): boolean {
  return request.routeOptions.url === '/livez' || request.routeOptions.url === '/readyz'
}

/** A path that cannot be decoded never reaches a route, a hook or a filter. */
function answerBeforeRouting(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const status = error.statusCode ?? 400
  const problem = problemOf({ status, detail: error.message, path: request.url, correlationId: request.id })
  void reply.status(status).header(correlationHeader, request.id).type(problemContentType).send(JSON.stringify(problem))
}

/** What is not HTTP has no request yet: the answer is written on the bare connection, which then ends. */
function answerBeforeParsing(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const status = statusOfParser[error.code ?? ''] ?? 400
  const correlationId = correlationIdOf(undefined)
  const problem = problemOf({ status, detail: 'This is not a request that HTTP/1.1 allows.', path: '/', correlationId })
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${status} ${problem.title}`,
    `Content-Type: ${problemContentType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Correlation-Id: ${correlationId}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

const statusOfParser: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }
