// The errors a program meets: a code to branch on, whether repeating can help, and whether an append may be stored.
import type { ExpectedRevision, Position, Revision } from './event.js'

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
  'LINEAGE_FORKED',
  'SNAPSHOT_CONFLICT',
  'TOO_MANY_DEFINITIONS',
  'MEMORY_SHORT',
  'STATE_TOO_LARGE',
  'OVERLOADED',
  'DISK_FULL',
  'READ_ONLY',
  'MODE_FORBIDS',
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
  'METHOD_NOT_ALLOWED',
  'UPGRADE_REQUIRED',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'SERVICE_STREAM',
  'RATE_LIMITED',
  'WORK_LIMIT',
  'PRECONDITION_FAILED',
  'REQUEST_TIMEOUT',
  'WRONG_HOST',
  'WRONG_ORIGIN',
  'BAD_HTTP',
  'INTERNAL',
] as const

/**
 * Beside the server's codes: `NETWORK` (no complete answer came), `BAD_ANSWER` (the answer is not one of Lighthouse),
 * `NO_WEBSOCKET` (the platform has none and none was passed). A newer server may send codes that are not listed here.
 */
export type ErrorCode =
  | (typeof SERVER_CODES)[number]
  | 'NETWORK'
  | 'BAD_ANSWER'
  | 'NO_WEBSOCKET'
  // A plain `string` would absorb the names above; this form keeps them as suggestions and still allows any code.
  | (string & {})

/** `rejected`: surely not stored. `indeterminate`: perhaps stored; appending again under the same key finds out. */
export type Outcome = 'rejected' | 'indeterminate'

export interface FieldError {
  /** A JSON Pointer into the request. */
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
  /** The event is described only to a token that may read it, so that conditions reveal no hidden events. */
  | { readonly kind: 'condition'; readonly id?: string; readonly position?: Position; readonly type?: string }

/** The optional fields of an error, beside its code and its detail. */
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
  readonly fork?: Position | undefined
  readonly key?: string | undefined
  readonly cause?: unknown
}

/** The error of every failed call, except an abort (its signal's reason) and a wrong argument (a TypeError). */
export class LighthouseError extends Error {
  override readonly name: string = 'LighthouseError'
  /** The HTTP status; undefined when no answer came. */
  readonly status: number | undefined
  readonly title: string
  /** Whether repeating the same call can succeed. */
  readonly retryable: boolean
  /** Only set for appends. */
  readonly outcome: Outcome | undefined
  /** One entry for each thing that is wrong with the request. */
  readonly errors: readonly FieldError[]
  /** Every expectation and every condition that did not hold. */
  readonly violations: readonly Violation[]
  readonly correlationId: string | undefined
  /** Finds this failure in the server's log. */
  readonly traceId: string | undefined
  readonly retryAfterSeconds: number | undefined
  /** Of LINEAGE_FORKED: the last position that the store has in common with the one that was read before. */
  readonly fork: Position | undefined
  /** The idempotency key of the append. Sending the append again under it stores it at most once. */
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
    this.fork = facts.fork
    this.key = facts.key
  }
}

/** An expectation or a condition did not hold: the caller should read, decide again and append again. */
export class ConflictError extends LighthouseError {
  override readonly name = 'ConflictError'
}

/** No complete answer came, because the server is not reachable or the connection broke. */
export class NetworkError extends LighthouseError {
  override readonly name = 'NetworkError'

  constructor(detail: string, facts: ErrorFacts = {}) {
    super('NETWORK', detail, { retryable: true, title: 'No answer', ...facts })
  }
}

/** Whether it is unknown if an append was stored. Appending again with `error.key` finds out. */
export function isIndeterminate(error: unknown): error is LighthouseError & { readonly key: string } {
  return error instanceof LighthouseError && error.outcome === 'indeterminate'
}

/** The outcome of one try. A refusal by the server itself stored nothing; other failures may come after storing. */
export function outcomeOf({ outcome, code, status }: LighthouseError): Outcome {
  if (outcome !== undefined) return outcome
  if (code === 'INDETERMINATE' || code === 'INTERNAL' || code === 'NETWORK') return 'indeterminate'
  if (code !== 'BAD_ANSWER') return 'rejected'
  return status !== undefined && status >= 400 && status < 500 ? 'rejected' : 'indeterminate'
}

const CONFLICTS: ReadonlySet<string> = new Set(['REVISION_CONFLICT', 'CONDITION_FAILED', 'PRECONDITION_FAILED'])

export function errorOf(code: ErrorCode, detail: string, facts: ErrorFacts): LighthouseError {
  if (CONFLICTS.has(code)) return new ConflictError(code, detail, facts)
  return code === 'NETWORK' ? new NetworkError(detail, facts) : new LighthouseError(code, detail, facts)
}

export function withFacts(error: LighthouseError, more: ErrorFacts): LighthouseError {
  const made = errorOf(error.code, error.detail, { ...error.facts, ...more })
  // The stack must show where the failure happened, and not where the facts were added.
  if (error.stack !== undefined) made.stack = error.stack
  return made
}
