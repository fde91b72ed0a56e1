// Counts denied requests and passes each to a listener, and limits how often an address may show no good token; it never delays a request.
import { SharedLimits } from '../threads/shared-limits.js'
import { type ThreadCalls, ThreadNotice } from '../threads/thread-calls.js'
import { AddressLimit } from './address-limit.js'

const FAILURES_PER_MINUTE = 60

export type DenialReason = 'UNAUTHENTICATED' | 'FORBIDDEN' | 'RATE_LIMITED' | 'HIDDEN_EVENT'

export interface Denial {
  readonly reason: DenialReason
  /** The agent when its token was valid, else the remote address. */
  readonly who: string
  /** The route as declared, because the URL as sent may hold what its sender should not have put there. */
  readonly route: string
  readonly detail: string
}

export class Denials {
  readonly counts: Record<DenialReason, number> = { UNAUTHENTICATED: 0, FORBIDDEN: 0, RATE_LIMITED: 0, HIDDEN_EVENT: 0 }
  private listener: ((denial: Denial) => void) | undefined
  /** Only failures count, so valid tokens from the same address are never held back. */
  private readonly failures: AddressLimit

  constructor(limits = new SharedLimits()) {
    this.failures = new AddressLimit(FAILURES_PER_MINUTE, 'failed tokens', limits)
  }

  /** Counts a request without a valid token, and says whether the address may be told so once more. */
  admitsFailure(address: string): boolean {
    return this.failures.admits(address)
  }

  listen(listener: (denial: Denial) => void): void {
    this.listener = listener
  }

  report(denial: Denial): void {
    this.counts[denial.reason]++
    this.listener?.(denial)
  }
}

const DENIAL = new ThreadNotice<Denial>('a denied request')

/** Of a front thread: the writer counts them and writes them down, so that they are one list of the process. */
export class ToldDenials extends Denials {
  constructor(
    private readonly writer: ThreadCalls,
    limits: SharedLimits,
  ) {
    super(limits)
  }

  override report(denial: Denial): void {
    this.writer.tell(DENIAL, denial)
  }
}

export function hearDenials(denials: Denials, front: ThreadCalls): void {
  front.hear(DENIAL, denial => denials.report(denial))
}
