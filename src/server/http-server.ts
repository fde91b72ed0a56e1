// The Fastify instance under Nest: its time and size limits, and what it does to every request and answer.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { Authentication } from '../auth/authentication.js'
import { assertEveryRouteDeclares, openRoutes } from '../auth/route-needs.guard.js'
import { Settings } from '../config/settings.js'
import { StoreError } from '../contract/errors.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import { withCorrelationId } from '../logging/correlation.js'
import { HttpMetrics } from '../metrics/http-metrics.js'
import { AllowedHosts } from '../wire/allowed-hosts.js'
import { registerBodyParsers } from '../wire/body.js'
import { correlationHeader, correlationIdOf } from '../wire/correlation-id.js'
import { problemContentType, problemOf } from '../wire/problem.js'
import { traceIdOf } from '../wire/trace-context.js'
import { drainAtTheEnd } from './http-drain.js'
import { closeLingering } from './lingering-close.js'
import { ModeHeader } from './mode-header.js'
import { sendRawProblem } from './raw-problem.js'
import { StreamAdapter } from './stream-adapter.js'

// Fastify and Node wait for ever unless told otherwise.
export const httpLimits = {
  /** For a request to arrive completely, headers and body. */
  requestTimeoutMs: 60_000,
  /** How often requests that take too long to arrive are looked for. */
  lookForLateEveryMs: 5_000,
  /** For a connection on which nothing moves; longer than the longest wait a route offers. */
  connectionTimeoutMs: 120_000,
  /** For an idle connection between two requests; longer than load balancers keep theirs. */
  keepAliveTimeoutMs: 72_000,
  maxConnections: 10_000,
  maxBodyBytes: 16 * 1024 * 1024,
  /** A stream of 256 characters, each of them percent-encoded. */
  maxParamChars: 3 * 256,
}
export type HttpLimits = Readonly<typeof httpLimits>

/** What is known of a server before the application is: how its answers say the mode. */
export type HttpAdapter = FastifyAdapter & { readonly mode: ModeHeader }

export function createHttpAdapter(limits: HttpLimits = httpLimits): HttpAdapter {
  const mode = new ModeHeader()
  const adapter = new FastifyAdapter({
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: limits.connectionTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    bodyLimit: limits.maxBodyBytes,
    routerOptions: { maxParamLength: limits.maxParamChars, caseSensitive: true, ignoreTrailingSlash: false },
    genReqId: (request: IncomingMessage) => correlationIdOf(request.headers[correlationHeader]),
    forceCloseConnections: 'idle',
    // Node would answer itself, without a problem: see the first hook.
    http: {
      requireHostHeader: false,
      headersTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.lookForLateEveryMs,
      ServerResponse: mode.answers(),
    },
    // What still comes in over an open connection is answered like any other, and the connection then closed.
    return503OnClosing: false,
    frameworkErrors: answerBeforeRouting,
    clientErrorHandler: (error, socket) => answerBeforeParsing(error, socket, mode.fields),
  })
  return Object.assign(adapter, { mode })
}

/** What happens to every request; called once, before the application is initialised. */
export function configureHttpServer(app: NestFastifyApplication, logger: Logger): void {
  const server = app.getHttpServer()
  server.maxConnections = httpLimits.maxConnections
  // Node would refuse what it does not know without a problem; a server may as well ignore it.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  const log = logger.child({ component: 'http' })
  const fastify = app.getHttpAdapter().getInstance()
  drainAtTheEnd(fastify, server)
  server.on('connection', (socket: Socket) => {
    socket.destroySoon = () => closeLingering(socket)
  })
  const { mode } = app.getHttpAdapter() as unknown as HttpAdapter
  mode.follow(app.get(ModeHolder, { strict: false }))
  const hosts = AllowedHosts.of(app.get(Settings))
  app.useWebSocketAdapter(new StreamAdapter(app, hosts, mode))
  registerBodyParsers(fastify)
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.headers({ [correlationHeader]: request.id, ...everyAnswer })
    const refused = hosts.refusalOf(request.raw)
    if (refused !== undefined) return done(refused)
    withCorrelationId(request.id, done)
  })
  const authentication = app.get(Authentication, { strict: false })
  assertEveryRouteDeclares(app)
  authentication.register(fastify, openRoutes(app))
  app.get(HttpMetrics, { strict: false }).register(fastify)
  fastify.addHook('onResponse', (request, reply, done) => {
    log[isProbe(request) ? 'debug' : 'info'](
      {
        correlation_id: request.id,
        agent_id: request.access?.agentId,
        operation_type: `${request.method} ${request.routeOptions.url ?? 'unknown'}`,
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 1000) / 1000,
      },
      'request answered',
    )
    done()
  })
}

/** What a browser is told about every answer; a route may say otherwise for its own. */
const everyAnswer = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
}

/** Probes come every few seconds for ever; their lines would drown the others. */
function isProbe(request: FastifyRequest): boolean {
  return request.routeOptions.url === '/livez' || request.routeOptions.url === '/readyz'
}

/** A path that cannot be decoded never reaches a route, a hook or a filter. */
function answerBeforeRouting(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const traceId = traceIdOf(request.headers['traceparent'])
  const error = new StoreError('BAD_HTTP', 'The path cannot be decoded')
  const problem = problemOf(error, { path: request.url, correlationId: request.id, traceId })
  void reply.status(problem.status).headers({ [correlationHeader]: request.id, ...everyAnswer })
  void reply.type(problemContentType).send(JSON.stringify(problem))
}

/** What is not HTTP has no request yet: the answer is written on the bare connection, which then ends. */
function answerBeforeParsing(
  error: Error & { code?: string },
  socket: Socket,
  more: Readonly<Record<string, string>>,
): void {
  // It has been answered, and what still comes is dropped.
  if (socket.writableEnded && error.code !== 'ECONNRESET') return
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  // What follows the head is unreadable, and the head has been answered: a second answer would be taken for that of the next request.
  if (isAnswered(socket)) {
    closeLingering(socket)
    return
  }
  sendRawProblem(socket, { statusCode: statusOfParser[error.code ?? ''] ?? 400 }, { path: '/' }, more)
}

function isAnswered(socket: Socket & { readonly _httpMessage?: ServerResponse | null }): boolean {
  // Node's own answer to a broken request looks at the same field.
  return socket._httpMessage?.headersSent === true
}

const statusOfParser: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }
