// Problem details (RFC 9457), the format of every error this server answers with. Pure.
import {
  type Damage,
  ERRORS,
  type ErrorCode,
  type FieldError,
  type Outcome,
  StoreError,
  type Violation,
} from '../contract/errors.js'

export const problemContentType = 'application/problem+json'

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly code: ErrorCode
  readonly traceId: string
  readonly correlationId: string
  readonly retryable: boolean
  /** Set for an append that may have been stored although it failed. */
  readonly outcome?: Outcome
  /** The mode of the service, where it is the reason. */
  readonly mode?: string
  /** The last position that the log which the reader knows and this one have in common. */
  readonly fork?: number
  readonly errors?: readonly FieldError[]
  readonly violations?: readonly Violation[]
}

export interface Occurrence {
  readonly path: string
  readonly correlationId: string
  readonly traceId: string
  /** The outcome can be unknown only for an append. */
  readonly isAppend?: boolean
  /** The trace id of the line of the log that has the reason; without it, its own. */
  readonly loggedUnder?: string
  /** The id that a client gave the frame it came in. */
  readonly frame?: string | undefined
}

/**
 * The details of these errors may name files of the data directory, so only the log has them, under the trace id.
 * Details about damaged positions name no file and are shown.
 */
const IN_THE_LOG: ReadonlySet<ErrorCode> = new Set([
  'INTERNAL',
  'DATA_CORRUPT',
  'STORAGE_UNAVAILABLE',
  'READ_ONLY',
  'DISK_FULL',
  'INDETERMINATE',
  'LOCKED',
  'UNSAFE_FILESYSTEM',
  'FORMAT_UNSUPPORTED',
  'UNFINISHED_IMPORT',
])

export function problemOf(error: unknown, occurrence: Occurrence): Problem {
  const { path, correlationId, traceId, isAppend = false, loggedUnder = traceId } = occurrence
  const { code, status, said, errors, violations, damage, mode, fork } = read(error)
  const { title, retryable, remedy, outcome } = ERRORS[code]
  const isHidden = IN_THE_LOG.has(code) && damage === undefined
  const happened = isHidden ? `${title}; the server's log has the reason under ${loggedUnder}` : said
  return {
    type: `/problems/${code}`,
    title,
    status,
    detail: `${sentenceOf(happened)} ${remedy}`,
    // The query is left out, because it may hold values that must not be passed on with the problem.
    instance: path.split('?')[0] ?? '/',
    code,
    traceId,
    correlationId,
    retryable,
    ...(outcome === 'indeterminate' && isAppend ? { outcome } : {}),
    ...(mode === undefined ? {} : { mode }),
    ...(fork === undefined ? {} : { fork }),
    ...(errors.length > 0 ? { errors } : {}),
    ...(violations.length > 0 ? { violations } : {}),
  }
}

/** A suggestion ends as a question. */
function sentenceOf(text: string): string {
  const trimmed = text.replace(/[.\s]*$/, '')
  return trimmed.endsWith('?') ? trimmed : `${trimmed}.`
}

/** Equal for failures of which one line of the log says all that any of them would; undefined for none of the server. */
export function failureKind(error: unknown): string | undefined {
  const { code, status, said, damage } = read(error)
  // ABORTED means that the caller has left, which is no failure of the server.
  if (status < 500 || code === 'ABORTED') return undefined
  return IN_THE_LOG.has(code) && damage === undefined ? `${code}: ${said}` : code
}

/** Seconds after which a retry makes sense; undefined when no delay is known. */
export function retryAfterOf(error: unknown): number | undefined {
  if (!isStoreError(error)) return undefined
  const { retryable, status } = ERRORS[error.code]
  const again = retryable && [429, 503].includes(status)
  return error.retryAfterSeconds ?? (again ? 1 : undefined)
}

interface Reading {
  readonly code: ErrorCode
  readonly status: number
  readonly said: string
  readonly errors: readonly FieldError[]
  readonly violations: readonly Violation[]
  readonly damage?: Damage | undefined
  readonly mode?: string | undefined
  readonly fork?: number | undefined
}

function read(error: unknown): Reading {
  if (isStoreError(error)) {
    const { code, message, errors = [], violations = [], damage, mode, fork } = error
    return { code, status: ERRORS[code].status, said: message, errors, violations, damage, mode, fork }
  }
  const status = foreignStatus(error)
  const code = codeOfStatus(status)
  // The message of an error that is not ours is not passed on, because it may repeat what was sent.
  const { title, status: usual } = ERRORS[code]
  // The status is kept below 500, because 414 and 431 say more than the 400 of their code.
  return { code, status: status < 500 ? status : usual, said: title, errors: [], violations: [] }
}

function isStoreError(error: unknown): error is StoreError {
  if (error instanceof StoreError) return true
  // An error of another realm, as tests have them, fails `instanceof` and is recognised by its fields.
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown }
  return name === 'StoreError' && typeof code === 'string' && Object.hasOwn(ERRORS, code)
}

/** Errors of Fastify and Node have `statusCode`, those of Nest `getStatus()`; any other error is a defect: 500. */
function foreignStatus(error: unknown): number {
  const { statusCode, getStatus } = (error ?? {}) as { statusCode?: unknown; getStatus?: unknown }
  const status = typeof getStatus === 'function' ? getStatus.call(error) : statusCode
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : 500
}

function codeOfStatus(status: number): ErrorCode {
  return OF_STATUS[status] ?? (status >= 500 ? 'INTERNAL' : 'INVALID_REQUEST')
}

const OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'BAD_HTTP',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  408: 'REQUEST_TIMEOUT',
  413: 'BODY_TOO_LARGE',
  414: 'BAD_HTTP',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  421: 'WRONG_HOST',
  426: 'UPGRADE_REQUIRED',
  429: 'RATE_LIMITED',
  431: 'BAD_HTTP',
  503: 'OVERLOADED',
}
