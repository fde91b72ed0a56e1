// The problem of a failure that is told inside an answer instead of being one. Pure.
import type { FastifyRequest } from 'fastify'
import { problemOf } from '../wire/problem.js'
import { traceIdOf } from '../wire/trace-context.js'

export function problemFor(error: unknown, { url, id, headers }: FastifyRequest): object {
  return problemOf(error, { path: url, correlationId: id, traceId: traceIdOf(headers['traceparent']) })
}
