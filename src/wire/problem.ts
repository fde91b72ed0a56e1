// Problem details (RFC 9457): the one shape of every error this server answers with. Pure.
import { STATUS_CODES } from 'node:http'

export const problemContentType = 'application/problem+json'

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly code: string
  readonly correlationId: string
  readonly retryable: boolean
}

export interface Occurrence {
  readonly status: number
  readonly detail: string
  readonly path: string
  readonly correlationId: string
}

/** Statuses of a refusal that may pass by itself. */
const passing: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

export function problemOf({ status, detail, path, correlationId }: Occurrence): Problem {
  const title = STATUS_CODES[status] ?? 'Error'
  const code = title.toUpperCase().replace(/[^A-Z]+/g, '_')
  return {
    type: `/problems/${code}`,
    title,
    status,
    // A server's own failure is its own affair: the log has it under the correlation id.
    detail: status >= 500 ? `The server could not answer; its log has the reason under ${correlationId}.` : detail,
    // The query may hold what the caller would not want in an answer that is passed around.
    instance: path.split('?')[0] ?? '/',
    code,
    correlationId,
    retryable: passing.has(status),
  }
}
