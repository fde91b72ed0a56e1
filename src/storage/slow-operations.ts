// Warns of appends and pages that take longer than a bound, with what the process was busy with; at most one a second.
import type { Logger } from '@nestjs/common'
import type { EventStore } from '../contract/event-store.js'

const EVERY_MS = 1_000

export interface SlowOperation {
  readonly operation_type: 'event_store.append' | 'event_store.read'
  readonly duration_ms: number
  readonly event_count: number
  readonly agent_id?: string
  readonly correlation_id?: string
  readonly trace_id?: string
}

export class SlowOperations {
  private toldAt = Number.NEGATIVE_INFINITY
  /** A disk in trouble makes every append slow, and their lines would keep it busy. */
  private untold = 0

  constructor(
    private readonly logger: Logger,
    private readonly store: Pick<EventStore, 'status'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  note(operation: SlowOperation): void {
    const now = this.now()
    if (now - this.toldAt < EVERY_MS) {
      this.untold++
      return
    }
    this.toldAt = now
    const { queued, queuedBytes } = this.store.status()
    this.logger.warn({
      ...operation,
      duration_ms: Math.round(operation.duration_ms * 1_000) / 1_000,
      queued,
      queued_bytes: queuedBytes,
      resident_bytes: process.memoryUsage.rss(),
      ...(this.untold === 0 ? undefined : { untold: this.untold }),
      message: 'an operation took long',
    })
    this.untold = 0
  }
}
