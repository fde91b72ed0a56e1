// Chooses the id that ties a request to its answer and its log lines. Pure.
import { randomUUID } from 'node:crypto'

export const correlationHeader = 'x-correlation-id'

/** The caller's own id is taken only when it is short and printable, because it goes into logs and headers. */
export function correlationIdOf(given: unknown): string {
  return isCorrelationId(given) ? given : randomUUID()
}

export function isCorrelationId(given: unknown): given is string {
  return typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given)
}
