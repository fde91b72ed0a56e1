// Makes a span of every request whose trace is recorded, or which the server failed to answer.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { currentRequest } from '../logging/correlation.js'
import { OpenSpan, type Tracing } from '../tracing/tracing.js'
import { traceparentOf } from '../wire/trace-context.js'

/** What other servers make of it is theirs; longer ones are not passed on, as the standard allows. */
const STATE_CHARS = 512

declare module 'fastify' {
  interface FastifyRequest {
    span?: OpenSpan
  }
}

/** To be registered behind authentication, because the agent decides, too; and only where traces are on. */
export function traceRequests(fastify: FastifyInstance, tracing: Tracing): void {
  const { picksOperations } = tracing
  fastify.addHook('onRequest', (request, reply, done) => {
    const { headers } = request
    const name = picksOperations ? operationOf(request) : ''
    const operation = { name, agentId: request.access?.agentId }
    const span = tracing.begin(operation, traceparentOf(headers['traceparent']), stateIn(headers['tracestate']))
    request.span = span
    if (span.sampled) {
      request.knownTrace = span.traceId
      // Whatever the request leads to reads its trace from here.
      headers['traceparent'] = span.traceparent
      void reply.header('traceresponse', span.traceparent)
    }
    const running = currentRequest()
    if (running !== undefined) running.span = span
    done()
  })
  tracing.findRequestsBy(currentSpan)
  fastify.addHook('onResponse', (request, reply, done) => {
    const { span } = request
    if (span !== undefined) {
      span.isAnswered = true
      if (span.sampled || reply.statusCode >= 500) tracing.end(span, endingOf(request, reply.statusCode))
    }
    done()
  })
}

function currentSpan(): OpenSpan | undefined {
  const span = currentRequest()?.span
  return span instanceof OpenSpan ? span : undefined
}

function endingOf(request: FastifyRequest, status: number) {
  return {
    kind: 'request',
    name: operationOf(request),
    attributes: {
      'http.request.method': request.method,
      'http.route': request.routeOptions.url,
      'http.response.status_code': status,
      'lighthouse.agent_id': request.access?.agentId,
      'lighthouse.correlation_id': request.id,
    },
    failure: status >= 500 ? String(status) : undefined,
  } as const
}

/** By the declared route, because a path as sent may hold anything. */
function operationOf({ method, routeOptions }: FastifyRequest): string {
  return `${method} ${routeOptions.url ?? 'unknown'}`
}

function stateIn(given: string | string[] | undefined): string | undefined {
  const state = Array.isArray(given) ? given.join(',') : given
  return state === undefined || state === '' || state.length > STATE_CHARS ? undefined : state
}
