// Collects what an append has beside its body: the caller, the idempotency key, the trace and the route. Pure.

import type { FastifyRequest } from 'fastify'
import type { Access } from '../auth/access.js'
import { keyFault } from '../contract/check/check-names.js'
import { invalid } from '../contract/errors.js'
import type { Author } from '../contract/event.js'
import { JsonAppendBody, PackedBody } from '../wire/body.js'
import { traceparentOf } from '../wire/trace-context.js'

export interface AppendContext {
  readonly access: Access
  readonly author: Author
  readonly key: string | undefined
  /** Length of the body as it was sent. */
  readonly bytes: number
  /** As declared, because the URL as sent may hold what must not be logged. */
  readonly route: string
  /** The id that a client gave the frame, where it came in one: a socket's frames share its correlation id. */
  readonly frame?: string
}

/** `key` is the key the body implies; the header Idempotency-Key takes precedence. Throws INVALID_REQUEST. */
export function appendContextOf(request: FastifyRequest, access: Access, key?: string): AppendContext {
  const { headers, id } = request
  const { agentId, onBehalfOf } = access
  const traceparent = traceparentOf(headers['traceparent'])
  const author: Author = {
    agentId,
    correlationId: id,
    ...(onBehalfOf === undefined ? undefined : { onBehalfOf }),
    ...(traceparent === undefined ? undefined : { traceparent }),
  }
  return {
    access,
    author,
    key: keyOf(headers['idempotency-key']) ?? key,
    bytes: bytesOf(request),
    route: request.routeOptions.url ?? '',
  }
}

function keyOf(given: string | string[] | undefined): string | undefined {
  if (given === undefined) return undefined
  const fault = keyFault(given)
  if (fault !== undefined) throw invalid('', `the header Idempotency-Key ${fault}`)
  return given as string
}

/** A chunked body has no Content-Length, so it is measured by encoding it again, which is rare. */
function bytesOf({ headers, body }: FastifyRequest): number {
  const length = Number(headers['content-length'])
  if (Number.isSafeInteger(length)) return length
  if (body instanceof JsonAppendBody) return body.length
  return body instanceof PackedBody ? body.bytes.length : Buffer.byteLength(JSON.stringify(body) ?? '')
}
