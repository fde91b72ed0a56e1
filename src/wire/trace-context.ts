// Reads the W3C trace context of a request, and makes a trace id where there is none. Pure.
import { randomBytes } from 'node:crypto'

/** Version 00 has a trace id, a parent id and flags; neither id may be all zeros. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

export function traceparentOf(given: unknown): string | undefined {
  return typeof given === 'string' && given.length === 55 && TRACEPARENT.test(given) ? given : undefined
}

const given = new WeakMap<object, string>()

/** Returns the same id each time for the same request, so that its problem and its log lines agree. */
export function traceOf(request: { readonly headers: { readonly [name: string]: unknown } }): string {
  const held = given.get(request) ?? traceIdOf(request.headers['traceparent'])
  given.set(request, held)
  return held
}

/** Where traces are recorded, each request has its trace from the beginning. */
export function nameTrace(request: object, traceId: string): void {
  given.set(request, traceId)
}

/** The id that the request came with or was given; undefined where it has none, because then nothing else names it. */
export function knownTraceOf(request: { readonly headers: { readonly [name: string]: unknown } }): string | undefined {
  return given.get(request) ?? traceparentOf(request.headers['traceparent'])?.slice(3, 35)
}

/** Only failures need an id, so it is made when first needed and not for each request. */
export function traceIdOf(traceparent: unknown): string {
  return traceparentOf(traceparent)?.slice(3, 35) ?? randomBytes(16).toString('hex')
}
