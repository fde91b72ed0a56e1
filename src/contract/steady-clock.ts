// The clock by which ages are measured: it goes on as a monotonic clock does, even when the wall clock jumps.
import { type Clock, MONOTONIC_CLOCK } from './clock.js'

/**
 * Begins at a time that is surely over, such as that of the last event of a log, and is never ahead of a time given to
 * `stamped`. So the age of anything stamped is at most what really passed since, as long as the process lives: a step
 * of the wall clock makes nothing old.
 */
export class SteadyClock implements Clock {
  private anchoredAt: bigint

  constructor(
    private anchorNs: bigint,
    private readonly monotonic: Clock = MONOTONIC_CLOCK,
  ) {
    this.anchoredAt = monotonic.now()
  }

  now(): bigint {
    return this.anchorNs + this.monotonic.now() - this.anchoredAt
  }

  /**
   * Must be called with every time from which an age is measured. Where the wall clock fell behind, such a time would
   * otherwise be old at once.
   */
  stamped(timestampNs: bigint): void {
    const now = this.monotonic.now()
    if (timestampNs >= this.anchorNs + now - this.anchoredAt) return
    this.anchorNs = timestampNs
    this.anchoredAt = now
  }
}
