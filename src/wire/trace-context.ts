// The W3C trace context of a request: the caller's own when it is well formed, else an id of ours. Pure.
import { randomBytes } from 'node:crypto'

/** Version 00: trace id and parent id, neither all zeros, and flags. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

export function traceparentOf(given: unknown): string | undefined {
  return typeof given === 'string' && given.length === 55 && TRACEPARENT.test(given) ? given : undefined
}

const given = new WeakMap<object, string>()

/** The same each time for the same request. */
export function traceOf(request: { readonly headers: { readonly [name: string]: unknown } }): string {
  const held = given.get(request) ?? traceIdOf(request.headers['traceparent'])
  given.set(request, held)
  return held
}

/** Only what fails needs one, so it is made when it is asked for. */
export function traceIdOf(traceparent: unknown): string {
  return traceparentOf(traceparent)?.slice(3, 35) ?? randomBytes(16).toString('hex')
}
