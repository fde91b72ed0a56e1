// Problem details (RFC 9457): the one shape of every error this server answers with. Pure.
import {
  ERRORS,
  type ErrorCode,
  type FieldError,
  type Outcome,
  StoreError,
  type Violation,
} from '../contract/errors.js'
import { codeOfStatus, statusOf } from './status.js'

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
  /** Of an append that failed on the way: whether it may be stored all the same. */
  readonly outcome?: Outcome
  readonly errors?: readonly FieldError[]
  readonly violations?: readonly Violation[]
}

/** Where it happened. */
export interface Occurrence {
  readonly path: string
  readonly correlationId: string
  readonly traceId: string
  /** Only of an append it can be unknown whether it was stored. */
  readonly isAppend?: boolean
}

/** Their details may name files of the data directory: the log has them, under the trace id. */
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

export function problemOf(error: unknown, { path, correlationId, traceId, isAppend = false }: Occurrence): Problem {
  const { code, status, said, errors, violations } = read(error)
  const { title, retryable, remedy, outcome } = ERRORS[code]
  const happened =
    IN_THE_LOG.has(code) && !namesPositions(said) ? `${title}; the server's log has the reason under ${traceId}` : said
  return {
    type: `/problems/${code}`,
    title,
    status,
    detail: `${happened.replace(/[.\s]*$/, '')}. ${remedy}`,
    // The query may hold what the caller would not want in an answer that is passed around.
    instance: path.split('?')[0] ?? '/',
    code,
    traceId,
    correlationId,
    retryable,
    ...(outcome === 'indeterminate' && isAppend ? { outcome } : {}),
    ...(errors.length > 0 ? { errors } : {}),
    ...(violations.length > 0 ? { violations } : {}),
  }
}

/** What a client needs in order to read around damage, and nothing of where it lies. */
function namesPositions(said: string): boolean {
  return /^positions? [0-9 to]+cannot be read/.test(said)
}

/** Seconds after which it makes sense to try again. */
export function retryAfterOf(error: unknown): number | undefined {
  if (!isStoreError(error)) return undefined
  const again = ERRORS[error.code].retryable && [429, 503].includes(statusOf(error.code))
  return error.retryAfterSeconds ?? (again ? 1 : undefined)
}

interface Reading {
  readonly code: ErrorCode
  readonly status: number
  readonly said: string
  readonly errors: readonly FieldError[]
  readonly violations: readonly Violation[]
}

function read(error: unknown): Reading {
  if (isStoreError(error)) {
    const { code, message, errors = [], violations = [] } = error
    return { code, status: statusOf(code), said: message, errors, violations }
  }
  const status = foreignStatus(error)
  const code = codeOfStatus(status)
  // Foreign messages may repeat what was sent, so none is passed on.
  return { code, status: statusOf(code) === status ? status : kept(status, code), said: ERRORS[code].title, ...NOTHING }
}

const NOTHING = { errors: [], violations: [] } as const

/** 414 and 431 say more than the 400 of their code. */
function kept(status: number, code: ErrorCode): number {
  return status >= 400 && status < 500 ? status : statusOf(code)
}

function isStoreError(error: unknown): error is StoreError {
  if (error instanceof StoreError) return true
  // An error of another realm, as tests have them, is no instance of ours.
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown }
  return name === 'StoreError' && typeof code === 'string' && Object.hasOwn(ERRORS, code)
}

/** Fastify's and Node's errors name their status, Nest's are asked for it; anything else is a defect. */
function foreignStatus(error: unknown): number {
  const { statusCode, getStatus } = (error ?? {}) as { statusCode?: unknown; getStatus?: unknown }
  const status = typeof getStatus === 'function' ? getStatus.call(error) : statusCode
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : 500
}
