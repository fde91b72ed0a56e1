// The id that ties a request, its answer and its log lines together, as it travels in a header. Pure.
import { randomUUID } from 'node:crypto'

export const correlationHeader = 'x-correlation-id'

/** The caller's own id when it is short and printable, so that it can be trusted in logs and headers; else a new one. */
export function correlationIdOf(given: unknown): string {
  return typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID()
}
