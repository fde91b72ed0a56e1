// What is done about a failure, who is told, and what is to be read: a pure function of its cause or its code.
import { ERRORS, type ErrorCode, type FailureClass } from '../contract/errors.js'
import type { Cause } from '../signals/signals.js'
import { type ExitCode, SERVER_EXIT } from './exit-codes.js'

/**
 * `reject`: the request is refused with all that is wrong. `retry`: the same is tried again later. `circuit breaker`:
 * appends are refused for a while and then taken again in growing shares. `clean-up`: room is made, or appends wait
 * until there is. `read-only`: reads go on, appends do not. `exit`: the process ends with a documented code. `tell`: only
 * people can do something, and they are told.
 */
export type RecoveryStep = 'reject' | 'retry' | 'circuit breaker' | 'clean-up' | 'read-only' | 'exit' | 'tell'

export interface Recovery {
  readonly failure: FailureClass
  readonly action: RecoveryStep
  readonly exitCode: ExitCode | undefined
  /** The cause whose alert tells of it; undefined where nobody has to be called. */
  readonly alert: Cause | undefined
  readonly runbook: string | undefined
}

type Plan = readonly [failure: FailureClass, action: RecoveryStep, exitCode?: ExitCode]

const OF_CAUSE: Readonly<Record<Cause, Plan>> = {
  write_latency: ['recoverable', 'circuit breaker'],
  write_errors: ['recoverable', 'circuit breaker'],
  integrity: ['human', 'read-only'],
  lost_ownership: ['restart', 'exit', SERVER_EXIT.lostOwnership],
  service_level: ['human', 'tell'],
  disk_full: ['recoverable', 'clean-up'],
  storage_space: ['recoverable', 'clean-up'],
  storage_failed: ['restart', 'exit', SERVER_EXIT.storageFailed],
  storage_hung: ['recoverable', 'read-only'],
  storage_growth: ['human', 'tell'],
  storage_permission: ['human', 'tell'],
  memory: ['recoverable', 'circuit breaker'],
  memory_leak: ['human', 'tell'],
  descriptors: ['human', 'tell'],
  event_loop: ['restart', 'exit', SERVER_EXIT.loopBlocked],
  dependency: ['recoverable', 'retry'],
  security: ['human', 'tell'],
  alerting: ['recoverable', 'retry'],
  manual: ['human', 'read-only'],
}

/** Codes whose failure has a cause, which decides what is done about it. */
const CAUSE_OF_CODE: { readonly [code in ErrorCode]?: Cause } = {
  OVERLOADED: 'write_latency',
  DISK_FULL: 'disk_full',
  READ_ONLY: 'integrity',
  INDETERMINATE: 'storage_failed',
  DATA_CORRUPT: 'integrity',
  STORAGE_UNAVAILABLE: 'storage_hung',
  UNAUTHENTICATED: 'security',
  FORBIDDEN: 'security',
  INTERNAL: 'service_level',
}

/** Codes that only a start can meet, and that it ends with. */
const REFUSES_START: ReadonlySet<string> = new Set<ErrorCode>([
  'LOCKED',
  'UNSAFE_FILESYSTEM',
  'FORMAT_UNSUPPORTED',
  'UNFINISHED_IMPORT',
])

const ACTION_OF_CLASS: Readonly<Record<FailureClass, RecoveryStep>> = {
  caller: 'reject',
  recoverable: 'retry',
  human: 'tell',
  restart: 'exit',
}

export function recoveryOfCause(cause: Cause): Recovery {
  const [failure, action, exitCode] = OF_CAUSE[cause]
  return { failure, action, exitCode, alert: cause, runbook: runbookOf(cause) }
}

/** The class is that of the catalogue: what is true of one answer need not be true of the cause behind it. */
export function recoveryOfCode(code: ErrorCode): Recovery {
  const { failure } = ERRORS[code]
  const cause = CAUSE_OF_CODE[code]
  if (cause !== undefined) return { ...recoveryOfCause(cause), failure }
  const refusesStart = REFUSES_START.has(code)
  const action = refusesStart ? 'exit' : ACTION_OF_CLASS[failure]
  const exitCode = refusesStart ? SERVER_EXIT.refused : undefined
  return { failure, action, exitCode, alert: undefined, runbook: undefined }
}

/** Each cause has one runbook. */
export function runbookOf(cause: Cause): string {
  return `runbooks/${cause.replaceAll('_', '-')}.md`
}
