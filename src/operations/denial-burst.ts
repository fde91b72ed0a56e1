// Tells an incident from single denials: by how many requests were denied in the last minute, in slices of five seconds.
import type { Denials } from '../auth/denials.js'
import type { Signals } from '../signals/signals.js'

export const BURST_SLICE_MS = 5_000
const SLICES = 12
/** An incident is over below this share of the threshold. */
const OVER_BELOW = 0.5

export class DenialBurst {
  private readonly totals: number[]

  constructor(
    private readonly counts: Denials['counts'],
    private readonly signals: Signals,
    private readonly perMinute: number,
  ) {
    this.totals = [this.total()]
  }

  /** To be called once a slice. */
  look(): void {
    if (this.perMinute === 0) return
    const total = this.total()
    const denied = total - (this.totals[0] ?? total)
    this.totals.push(total)
    if (this.totals.length > SLICES) this.totals.shift()
    const stands = this.signals.levelOf('security') !== 'ok'
    if (denied < this.perMinute * (stands ? OVER_BELOW : 1)) {
      if (stands) this.signals.tell({ cause: 'security', level: 'ok', detail: 'few requests are denied', metrics: {} })
      return
    }
    const detail = `${denied} requests were denied in a minute`
    this.signals.tell({ cause: 'security', level: 'warning', detail, metrics: { denied_in_a_minute: denied } })
  }

  /** Without those beyond a rate: a client that is too fast attacks nothing. */
  private total(): number {
    const { UNAUTHENTICATED, FORBIDDEN, HIDDEN_EVENT } = this.counts
    return UNAUTHENTICATED + FORBIDDEN + HIDDEN_EVENT
  }
}
