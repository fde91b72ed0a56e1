// The tracer in front of the store: each append is a span, and an event keeps the place of the span that stored it.
import { SERVICE_AGENT } from '../contract/check/check-append.js'
import { ERRORS, StoreError } from '../contract/errors.js'
import type { Appended, AppendRequest, EventStore } from '../contract/event-store.js'
import { SPANS, type SpanAttributes } from '../tracing/span.js'
import type { OpenSpan, Tracing } from '../tracing/tracing.js'
import { wrapStore } from './wrap-store.js'

/** A span names so many types or ids; a batch may hold a thousand. */
const NAMES_MOST = 10

export function tracedStore(store: EventStore, tracing: Tracing): EventStore {
  return wrapStore(store, {
    append: (request, terms) => {
      const span = spanFor(request, tracing)
      const asked = span.sampled ? placedAt(request, span) : request
      return store.append(asked, terms).then(
        appended => {
          if (span.sampled) tracing.end(span, { kind: 'append', attributes: outcomeOf(request, span, appended) })
          return appended
        },
        (error: unknown) => {
          failed(tracing, span, { request, error })
          throw error
        },
      )
    },
    read: 'through',
    find: 'through',
    stream: 'through',
    streams: 'through',
    head: 'through',
    beyond: 'through',
    status: 'through',
    lineage: 'through',
    owned: 'through',
    close: 'through',
  })
}

/** Inside a request that is being answered the request has decided; elsewhere the append itself does. */
function spanFor({ author }: AppendRequest, tracing: Tracing): OpenSpan {
  const request = tracing.request()
  if (request !== undefined) return tracing.under(request)
  if (author.agentId === SERVICE_AGENT) return tracing.ofService()
  return tracing.begin({ name: SPANS.append.name, agentId: author.agentId }, author.traceparent)
}

/** Who reads the event goes on from the append, and not from whoever asked for it. */
function placedAt(request: AppendRequest, span: OpenSpan): AppendRequest {
  return { ...request, author: { ...request.author, traceparent: span.traceparent } }
}

function failed(
  tracing: Tracing,
  span: OpenSpan,
  { request, error }: { readonly request: AppendRequest; readonly error: unknown },
): void {
  const code = error instanceof StoreError ? error.code : 'INTERNAL'
  // What the caller did wrong is an outcome; what the service could not do is a failure.
  const failure = ERRORS[code].status >= 500 ? code : undefined
  const attributes = { ...asked(request, span), 'lighthouse.outcome': code, 'operation.success': false }
  tracing.end(span, { kind: 'append', attributes, failure })
}

function outcomeOf(request: AppendRequest, span: OpenSpan, appended: Appended): SpanAttributes<'append'> {
  return {
    ...asked(request, span),
    'event.id': appended.events.slice(0, NAMES_MOST).map(({ id }) => id),
    'lighthouse.position': appended.lastPosition,
    'lighthouse.outcome': appended.duplicate ? 'duplicate' : 'appended',
    'operation.success': true,
  }
}

function asked({ events, author }: AppendRequest, { begun }: OpenSpan): SpanAttributes<'append'> {
  const few = events.slice(0, NAMES_MOST)
  return {
    'event.type': [...new Set(few.map(({ type }) => type))],
    'event.count': events.length,
    'event.stream': [...new Set(few.map(({ stream }) => stream))],
    'lighthouse.agent_id': author.agentId,
    'lighthouse.correlation_id': author.correlationId,
    'operation.duration_ms': performance.timeOrigin + performance.now() - begun,
  }
}
