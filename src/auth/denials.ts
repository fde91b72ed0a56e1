// Counts what was denied and tells whoever listens; it never holds a request up.
export type DenialReason = 'UNAUTHENTICATED' | 'FORBIDDEN' | 'RATE_LIMITED' | 'HIDDEN_EVENT'

export interface Denial {
  readonly reason: DenialReason
  /** The agent when its token was good, else the remote address. */
  readonly who: string
  /** The route as declared, never the URL as sent: that may hold what the sender should not have put there. */
  readonly route: string
  readonly detail: string
}

export class Denials {
  readonly counts: Record<DenialReason, number> = { UNAUTHENTICATED: 0, FORBIDDEN: 0, RATE_LIMITED: 0, HIDDEN_EVENT: 0 }
  private listener: ((denial: Denial) => void) | undefined

  listen(listener: (denial: Denial) => void): void {
    this.listener = listener
  }

  report(denial: Denial): void {
    this.counts[denial.reason]++
    this.listener?.(denial)
  }
}
