// Turns a refusal of the server (RFC 9457), in an answer or in a frame, into an error. Pure.
import { type ErrorFacts, errorOf, type FieldError, LighthouseError, type Outcome, type Violation } from './errors.js'
import type { Frame } from './lines.js'
import type { Reply } from './transport.js'

const RETRYABLE_STATUS: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504])

const SHOWN_CHARS = 200

type Fields = { readonly [name: string]: unknown }

/** The error of an answer that is no success. A body that is no problem document comes from a proxy in between. */
export function errorOfAnswer(status: number, headers: Reply['headers'], text: string): LighthouseError {
  const told: ErrorFacts = {
    status,
    correlationId: headers.get('x-correlation-id') ?? undefined,
    retryAfterSeconds: secondsOf(headers.get('retry-after')),
  }
  const problem = parsed(text)
  if (isProblem(problem)) return errorOfProblem(problem, told)
  const shown = text.trim().slice(0, SHOWN_CHARS)
  return new LighthouseError('BAD_ANSWER', `The answer is ${status} and no problem of Lighthouse: ${shown}`, {
    ...told,
    title: 'Not an answer of Lighthouse',
    retryable: RETRYABLE_STATUS.has(status),
  })
}

export function errorOfProblem(problem: unknown, told: ErrorFacts = {}): LighthouseError {
  if (!isProblem(problem)) return new LighthouseError('BAD_ANSWER', 'The server told of an error that is no problem.')
  const { code, title, detail, status, retryable, outcome, errors, violations, correlationId, traceId, fork } = problem
  return errorOf(code, text(detail) ?? text(title) ?? code, {
    ...told,
    status: typeof status === 'number' ? status : told.status,
    title: text(title) ?? code,
    retryable: retryable === true,
    outcome: outcome === 'rejected' || outcome === 'indeterminate' ? (outcome as Outcome) : undefined,
    errors: Array.isArray(errors) ? (errors as FieldError[]) : [],
    violations: Array.isArray(violations) ? (violations as Violation[]) : [],
    correlationId: text(correlationId) ?? told.correlationId,
    traceId: text(traceId),
    fork: typeof fork === 'number' ? fork : undefined,
  })
}

/** The error of a frame `error` or `closed`; a frame without a problem document carries only a reason code. */
export function errorOfFrame({ problem, reason, retryAfterSeconds }: Frame): LighthouseError {
  const told = typeof retryAfterSeconds === 'number' ? { retryAfterSeconds } : {}
  return errorOfProblem(problem ?? { code: String(reason), detail: 'The server ended it.' }, told)
}

/** The seconds to wait; HTTP allows a number of seconds or a date, which is compared with this machine's clock. */
export function secondsOf(retryAfter: string | null, now = Date.now()): number | undefined {
  if (retryAfter === null) return undefined
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter)
  const until = Date.parse(retryAfter)
  return Number.isNaN(until) ? undefined : Math.max(0, Math.ceil((until - now) / 1000))
}

function isProblem(value: unknown): value is Fields & { readonly code: string } {
  return typeof value === 'object' && value !== null && typeof (value as Fields)['code'] === 'string'
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
