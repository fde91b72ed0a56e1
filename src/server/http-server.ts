// Configures the Fastify instance under Nest: its time and size limits, and the hooks for every request and answer.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { Authentication } from '../auth/authentication.js'
import { adminRoutes, assertEveryRouteDeclares, openRoutes } from '../auth/route-needs.guard.js'
import { configHash } from '../config/config-hash.js'
import { Settings } from '../config/settings.js'
import { productVersion } from '../config/version.js'
import { StoreError } from '../contract/errors.js'
import { EventStore } from '../contract/event-store.js'
import { LIMITS } from '../contract/limits.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import { AccessLog } from '../logging/access-log.js'
import { withCorrelationId } from '../logging/correlation.js'
import { Metrics } from '../metrics/metrics.js'
import { lineageHeader, lineageText } from '../streaming/known-lineage.js'
import { SharedLimits } from '../threads/shared-limits.js'
import { Tracing } from '../tracing/tracing.js'
import { AllowedHosts } from '../wire/allowed-hosts.js'
import { registerBodyParsers } from '../wire/body.js'
import { correlationHeader, correlationIdOf } from '../wire/correlation-id.js'
import { problemContentType, problemOf } from '../wire/problem.js'
import { traceIdOf } from '../wire/trace-context.js'
import { AnsweredRequests } from './answered-requests.js'
import { AppendAdmission } from './append-admission.js'
import type { Certificate } from './certificate.js'
import { CrossOrigin } from './cors.js'
import { drainAtTheEnd } from './http-drain.js'
import { closeLingering } from './lingering-close.js'
import { ModeHeader } from './mode-header.js'
import { sendRawProblem } from './raw-problem.js'
import type { RequestRelay } from './relay/request-relay.js'
import { traceRequests } from './request-traces.js'
import { StreamAdapter } from './stream-adapter.js'
import { UnansweredPaths } from './unanswered-paths.js'

/** The system keeps this many connections until they are accepted; those beyond it wait for seconds and try again. */
export const ACCEPT_BACKLOG = 4_096

// Each time limit is given, because Fastify and Node would otherwise wait without limit.
export const httpLimits = {
  /** A request, headers and body, must arrive within this time. */
  requestTimeoutMs: 60_000,
  /** How often Node looks for requests that exceed it. */
  lookForLateEveryMs: 5_000,
  /** A connection without traffic is closed after this time; it is longer than the longest wait a route offers. */
  connectionTimeoutMs: 120_000,
  /** Longer than load balancers keep idle connections, so that none of them reuses one that was just closed here. */
  keepAliveTimeoutMs: 72_000,
  /** A handshake of TLS, before there is any request whose time counts. */
  handshakeTimeoutMs: 10_000,
  maxConnections: 10_000,
  maxBodyBytes: LIMITS.bodyBytes,
  /** A stream name of 256 characters, each of them percent-encoded. */
  maxParamChars: 3 * 256,
}
export type HttpLimits = Readonly<typeof httpLimits>

class RoutedAdapter extends FastifyAdapter {
  unanswered: UnansweredPaths | undefined

  /** Nest calls this when every route of the application is there. */
  override setNotFoundHandler(handler: Parameters<FastifyAdapter['setNotFoundHandler']>[0]) {
    const { unanswered } = this
    if (unanswered === undefined) return super.setNotFoundHandler(handler)
    unanswered.closeGaps()
    return super.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
      throw unanswered.refusalOf(request, reply)
    })
  }
}

/** The adapter exists before the application; `mode` starts to follow the application's mode once there is one. */
export type HttpAdapter = RoutedAdapter & {
  readonly mode: ModeHeader
  readonly certificate: Certificate | undefined
}

export function createHttpAdapter(limits: HttpLimits = httpLimits, certificate?: Certificate): HttpAdapter {
  const mode = new ModeHeader()
  const server = {
    // Node would refuse a request without Host, but not with a problem; the first `onRequest` hook does so instead.
    requireHostHeader: false,
    headersTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: limits.lookForLateEveryMs,
    ServerResponse: mode.answers(),
  }
  const adapter = new RoutedAdapter({
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: limits.connectionTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    bodyLimit: limits.maxBodyBytes,
    routerOptions: { maxParamLength: limits.maxParamChars, caseSensitive: true, ignoreTrailingSlash: false },
    genReqId: (request: IncomingMessage) => correlationIdOf(request.headers[correlationHeader]),
    forceCloseConnections: 'idle',
    ...(certificate === undefined
      ? { http: server }
      : { https: { ...server, ...certificate.context, handshakeTimeout: limits.handshakeTimeoutMs } }),
    // A request that still arrives on an open connection is answered as usual, and the connection is closed after it.
    return503OnClosing: false,
    frameworkErrors: answerBeforeRouting,
    clientErrorHandler: (error, socket) => answerBeforeParsing(error, socket, mode.fields),
  })
  return Object.assign(adapter, { mode, certificate })
}

/**
 * Registers the hooks that see every request. Call it once, before the application is initialised. With `relay` what no
 * route of the application answers is handed over.
 */
export function configureHttpServer(app: NestFastifyApplication, logger: Logger, relay?: RequestRelay): void {
  const server = app.getHttpServer()
  server.maxConnections = httpLimits.maxConnections
  // Node would refuse an unknown expectation without a problem; RFC 9110 lets a server ignore it.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  const fastify = app.getHttpAdapter().getInstance()
  drainAtTheEnd(fastify, server)
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    socket.destroySoon = () => closeLingering(socket)
  })
  const adapter = app.getHttpAdapter() as unknown as HttpAdapter
  const { mode, certificate } = adapter
  mode.follow(app.get(ModeHolder, { strict: false }))
  const hosts = AllowedHosts.of(app.get(Settings))
  const sockets = new StreamAdapter(app, hosts, mode)
  app.useWebSocketAdapter(sockets)
  const unanswered = new UnansweredPaths(fastify, path => sockets.opens(path), relay?.plainPaths)
  adapter.unanswered = unanswered
  registerBodyParsers(fastify)
  const crossOrigin = new CrossOrigin(hosts, app.get(SharedLimits))
  const lineage = lineageText(app.get(EventStore, { strict: false }).lineage())
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header(correlationHeader, request.id)
    for (const [name, value] of HEADERS_OF_ALL) reply.header(name, value)
    reply.header(lineageHeader, lineage)
    if (relay !== undefined && isElsewhere(request)) return handOver(relay, request, reply, done)
    const refused = hosts.refusalOf(request.raw)
    if (refused !== undefined) return done(refused)
    const { origin } = request.headers
    if (origin !== undefined) {
      const begun = crossOrigin.begin(origin, request, reply)
      if (begun === 'answered') return
      if (begun !== undefined) return done(begun)
    }
    // Answered before the body is read, so that strangers cannot make the server parse one.
    if (request.is404) return done(unanswered.refusalOf(request, reply))
    withCorrelationId(request.id, done)
  })
  const authentication = app.get(Authentication, { strict: false })
  assertEveryRouteDeclares(app)
  authentication.register(fastify, openRoutes(app))
  const settings = app.get(Settings)
  const { appendWaitMs, measureOperations, accessLogOneIn, slowOperationMs } = settings
  // Behind the token and its quota, which are cheaper to refuse by.
  if (appendWaitMs > 0) new AppendAdmission(appendWaitMs).register(fastify)
  const tracing = app.get(Tracing, { strict: false })
  if (tracing.isOn) traceRequests(fastify, tracing)
  const metrics = app.get(Metrics, { strict: false })
  showConfiguration(settings, metrics)
  showCertificate(certificate, metrics)
  const log = new AccessLog(logger, { oneIn: accessLogOneIn, slowMs: slowOperationMs })
  new AnsweredRequests(metrics, log, adminRoutes(app), measureOperations).register(fastify)
}

/** Whoever answers it checks, counts and logs it; here that is done only when nobody is left who could. */
function handOver(relay: RequestRelay, request: FastifyRequest, reply: FastifyReply, done: (error: Error) => void) {
  request.isRelayed = true
  const refuse = (error: StoreError) => {
    request.isRelayed = false
    done(error)
  }
  relay.relay({ request: request.raw, response: reply.raw, refuse })
}

function isElsewhere({ is404, routeOptions }: FastifyRequest): boolean {
  return is404 || routeOptions.config.isElsewhere === true
}

function showConfiguration(settings: Settings, metrics: Metrics): void {
  const labels = { hash: configHash(settings), version: productVersion() }
  const help = 'Always 1; the hash is another when a setting that is no secret is another.'
  metrics.table('config_info', help, ['hash', 'version'], () => [{ labels, value: 1 }])
}

function showCertificate(certificate: Certificate | undefined, metrics: Metrics): void {
  const help = 'When the certificate in force, or one of its chain, ends; 0 without TLS.'
  const look = () => (certificate === undefined ? 0 : certificate.endsAt.getTime() / 1_000)
  metrics.gauge('tls_certificate_expiration_timestamp_seconds', help, look)
}

/** Headers of every answer; a route may set its own values for its answer. */
const everyAnswer = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
}
const HEADERS_OF_ALL = Object.entries(everyAnswer)

/** A path that cannot be decoded never reaches a route, a hook or a filter. */
function answerBeforeRouting(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const traceId = traceIdOf(request.headers['traceparent'])
  const error = new StoreError('BAD_HTTP', 'The path cannot be decoded')
  const problem = problemOf(error, { path: request.url, correlationId: request.id, traceId })
  void reply.status(problem.status).headers({ [correlationHeader]: request.id, ...everyAnswer })
  void reply.type(problemContentType).send(JSON.stringify(problem))
}

/** Without valid HTTP there is no request object, so the answer is written to the socket, which is then closed. */
function answerBeforeParsing(
  error: Error & { code?: string },
  socket: Socket,
  more: Readonly<Record<string, string>>,
): void {
  // The answer has been sent; the bytes that still arrive are dropped.
  if (socket.writableEnded && error.code !== 'ECONNRESET') return
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  // The request's head has been answered and the rest is unreadable. A second answer would be taken for the answer to
  // the next request.
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
