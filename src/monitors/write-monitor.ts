// Tells when appends take too long, fail too often, or are not answered at all. Pure but for the signals it tells.
import type { Signals } from '../signals/signals.js'
import { LevelJudge, type Threshold } from './level-judge.js'
import { type ServiceLevels, SLICE_MS, type Slice } from './service-levels.js'

/** Fewer appends in a window say nothing of all. */
export const LEAST_SAMPLES = 100
/** So many windows in a row have to agree. */
export const WINDOWS = 3
/** Appends of which none is answered for this long are held by the disk. */
const STALLED_MS = 10_000

export interface WriteThresholds {
  readonly writeLatencyMs: Threshold
  readonly writeErrors: Threshold
}

export class WriteMonitor {
  private readonly latency: LevelJudge
  private readonly errors: LevelJudge
  private stalledMs = 0

  constructor(
    private readonly levels: ServiceLevels,
    private readonly signals: Signals,
    thresholds: WriteThresholds,
  ) {
    this.latency = new LevelJudge(thresholds.writeLatencyMs, WINDOWS)
    this.errors = new LevelJudge(thresholds.writeErrors, WINDOWS)
  }

  /** To be called when a slice is over, which it answers. */
  look(): Slice {
    const slice = this.levels.slide('append')
    const { good, bad, durations } = slice
    const isTelling = good + bad >= LEAST_SAMPLES
    const p99 = isTelling ? durations.quantile(0.99) : undefined
    const share = isTelling ? bad / (good + bad) : undefined
    this.stalledMs = good + bad === 0 && this.levels.inFlight > 0 ? this.stalledMs + SLICE_MS : 0
    const isStalled = this.stalledMs >= STALLED_MS
    const slow = this.latency.judge(p99)
    this.signals.tell({
      cause: 'write_latency',
      level: isStalled ? 'critical' : slow,
      detail: isStalled ? STALLED : SLOW,
      metrics: this.figures(slice, p99),
    })
    const level = this.errors.judge(share)
    this.signals.tell({ cause: 'write_errors', level, detail: FAILING, metrics: { write_error_share: share ?? 0 } })
    return slice
  }

  private figures({ good, bad }: Slice, p99: number | undefined): Record<string, number> {
    return {
      ...(p99 === undefined ? {} : { write_latency_p99_ms: Math.round(p99 * 10) / 10 }),
      appends: good + bad,
      stalled_seconds: this.stalledMs / 1_000,
    }
  }
}

const SLOW = 'appends take longer than they may'
const STALLED = 'appends are waiting and the disk answers none of them'
const FAILING = 'more appends fail than may'
