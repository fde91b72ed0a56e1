// Writes a problem to a connection that has no reply object, and closes the connection after it.
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { correlationHeader, correlationIdOf } from '../wire/correlation-id.js'
import { problemContentType, problemOf, retryAfterOf } from '../wire/problem.js'
import { traceIdOf } from '../wire/trace-context.js'
import { closeLingering } from './lingering-close.js'

export interface BareRequest {
  readonly path: string
  readonly headers?: { readonly [name: string]: unknown }
}

export function sendRawProblem(
  socket: Socket,
  error: unknown,
  { path, headers = {} }: BareRequest,
  more: Readonly<Record<string, string>> = {},
): void {
  const correlationId = correlationIdOf(headers[correlationHeader])
  const problem = problemOf(error, { path, correlationId, traceId: traceIdOf(headers['traceparent']) })
  const body = JSON.stringify(problem)
  const retryAfter = retryAfterOf(error)
  const fields = {
    'Content-Type': problemContentType,
    'Content-Length': String(Buffer.byteLength(body)),
    'X-Correlation-Id': correlationId,
    ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
    ...more,
    Connection: 'close',
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  const { status } = problem
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
  closeLingering(socket)
}
