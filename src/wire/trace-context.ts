// Reads the W3C trace context of a request, and makes a trace id where there is none. Pure.
import { randomBytes } from 'node:crypto'
import type {} from 'fastify'

/** Version 00 has a trace id, a parent id and flags; neither id may be all zeros. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

export function traceparentOf(given: unknown): string | undefined {
  return typeof given === 'string' && given.length === 55 && TRACEPARENT.test(given) ? given : undefined
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The trace that it came with or was given; absent until somebody asks for it. */
    knownTrace?: string
  }
}

interface Traced {
  readonly headers: { readonly [name: string]: unknown }
  knownTrace?: string
  /** Where traces are on: the span of the request, whose trace it is. */
  readonly span?: { readonly traceId: string }
}

/** Returns the same id each time for the same request, so that its problem and its log lines agree. */
export function traceOf(request: Traced): string {
  request.knownTrace ??= request.span?.traceId ?? traceIdOf(request.headers['traceparent'])
  return request.knownTrace
}

/** The id that the request came with or was given; undefined where it has none, because then nothing else names it. */
export function knownTraceOf(request: Traced): string | undefined {
  return request.knownTrace ?? traceparentOf(request.headers['traceparent'])?.slice(3, 35)
}

/** Only failures need an id, so it is made when first needed and not for each request. */
export function traceIdOf(traceparent: unknown): string {
  return traceparentOf(traceparent)?.slice(3, 35) ?? randomBytes(16).toString('hex')
}
