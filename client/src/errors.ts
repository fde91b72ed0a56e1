// What can go wrong, as a program meets it: a code to branch on, whether trying again can help, and what became of an append.
import type { ExpectedRevision, Position, Revision } from './event.js'

/** The codes the server answers with. */
export const SERVER_CODES = [
  'INVALID_EVENT',
  'INVALID_REQUEST',
  'EVENT_TOO_LARGE',
  'BATCH_TOO_LARGE',
  'REVISION_CONFLICT',
  'CONDITION_FAILED',
  'KEY_REUSED',
  'SUBSCRIPTION_CONFLICT',
  'STALE_DELIVERY',
  'SNAPSHOT_CONFLICT',
  'TOO_MANY_DEFINITIONS',
  'STATE_TOO_LARGE',
  'OVERLOADED',
  'DISK_FULL',
  'READ_ONLY',
  'INDETERMINATE',
  'DATA_CORRUPT',
  'STORAGE_UNAVAILABLE',
  'CLOSED',
  'ABORTED',
  'LOCKED',
  'UNFINISHED_IMPORT',
  'UNSAFE_FILESYSTEM',
  'FORMAT_UNSUPPORTED',
  'NOT_FOUND',
  'MALFORMED_BODY',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'NOT_ACCEPTABLE',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'RATE_LIMITED',
  'WORK_LIMIT',
  'PRECONDITION_FAILED',
  'REQUEST_TIMEOUT',
  'WRONG_HOST',
  'BAD_HTTP',
  'INTERNAL',
] as const

/**
 * Besides the server's: `NETWORK` (no whole answer came), `BAD_ANSWER` (what came is not an answer of Lighthouse),
 * `NO_WEBSOCKET` (this platform has none and none was given). A newer server may know more.
 */
export type ErrorCode =
  | (typeof SERVER_CODES)[number]
  | 'NETWORK'
  | 'BAD_ANSWER'
  | 'NO_WEBSOCKET'
  // Keeps the names above as suggestions and lets every text be compared with.
  | (string & {})

/** `rejected`: surely not stored. `indeterminate`: it may be stored; the same key tells. */
export type Outcome = 'rejected' | 'indeterminate'

export interface FieldError {
  /** JSON Pointer into the request. */
  readonly pointer: string
  readonly detail: string
}

export type Violation =
  | {
      readonly kind: 'revision'
      readonly stream: string
      readonly expected: ExpectedRevision
      readonly actual: Revision
    }
  /** The event is described only to a token that may read it. */
  | { readonly kind: 'condition'; readonly id?: string; readonly position?: Position; readonly type?: string }

/** What an error knows besides its code and its words. */
export interface ErrorFacts {
  readonly status?: number | undefined
  readonly title?: string | undefined
  readonly retryable?: boolean | undefined
  readonly outcome?: Outcome | undefined
  readonly errors?: readonly FieldError[] | undefined
  readonly violations?: readonly Violation[] | undefined
  readonly correlationId?: string | undefined
  readonly traceId?: string | undefined
  readonly retryAfterSeconds?: number | undefined
  readonly key?: string | undefined
  readonly cause?: unknown
}

/** Every failure of a call, but for the caller's own: an abort is the reason of its signal, a wrong argument a TypeError. */
export class LighthouseError extends Error {
  override readonly name: string = 'LighthouseError'
  /** Of the answer, when there was one. */
  readonly status: number | undefined
  readonly title: string
  /** Whether doing the same again can help. */
  readonly retryable: boolean
  /** Of an append; undefined for everything else. */
  readonly outcome: Outcome | undefined
  /** What is wrong with the request, finding by finding. */
  readonly errors: readonly FieldError[]
  /** Every expectation and condition that did not hold. */
  readonly violations: readonly Violation[]
  readonly correlationId: string | undefined
  /** Names the failure in the server's log. */
  readonly traceId: string | undefined
  readonly retryAfterSeconds: number | undefined
  /** Of an append: the idempotency key it was sent under. Sent again with it, it is stored at most once. */
  readonly key: string | undefined

  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
    readonly facts: ErrorFacts = {},
  ) {
    super(detail, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.status = facts.status
    this.title = facts.title ?? detail
    this.retryable = facts.retryable ?? false
    this.outcome = facts.outcome
    this.errors = facts.errors ?? []
    this.violations = facts.violations ?? []
    this.correlationId = facts.correlationId
    this.traceId = facts.traceId
    this.retryAfterSeconds = facts.retryAfterSeconds
    this.key = facts.key
  }
}

/** An expectation or a condition did not hold: read, decide again, append again. */
export class ConflictError extends LighthouseError {
  override readonly name = 'ConflictError'
}

/** No whole answer came: the server is not there, or the connection broke. */
export class NetworkError extends LighthouseError {
  override readonly name = 'NetworkError'

  constructor(detail: string, facts: ErrorFacts = {}) {
    super('NETWORK', detail, { retryable: true, title: 'No answer', ...facts })
  }
}

/** An append of which nobody knows whether it was stored. Append again with `error.key`: the answer tells. */
export function isIndeterminate(error: unknown): error is LighthouseError & { readonly key: string } {
  return error instanceof LighthouseError && error.outcome === 'indeterminate'
}

const CONFLICTS: ReadonlySet<string> = new Set(['REVISION_CONFLICT', 'CONDITION_FAILED', 'PRECONDITION_FAILED'])

export function errorOf(code: ErrorCode, detail: string, facts: ErrorFacts): LighthouseError {
  if (CONFLICTS.has(code)) return new ConflictError(code, detail, facts)
  return code === 'NETWORK' ? new NetworkError(detail, facts) : new LighthouseError(code, detail, facts)
}

/** The same failure, knowing more. */
export function withFacts(error: LighthouseError, more: ErrorFacts): LighthouseError {
  const made = errorOf(error.code, error.detail, { ...error.facts, ...more })
  // It happened where it happened first.
  if (error.stack !== undefined) made.stack = error.stack
  return made
}
