// Time by which ages are measured: it goes on as a monotonic clock does, whatever becomes of the wall clock.
import { type Clock, MONOTONIC_CLOCK } from './clock.js'

/**
 * Begins at a time that is surely over, such as that of the last event of a log, and is never ahead of what is stamped
 * by `stamped`. So the age of anything stamped is what really passed since, or less, as long as the process lives: a
 * step of the wall clock makes nothing old.
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

  /** Told of every time from which an age is to be measured: where the wall clock fell behind, what is stamped now would be old at once. */
  stamped(timestampNs: bigint): void {
    const now = this.monotonic.now()
    if (timestampNs >= this.anchorNs + now - this.anchoredAt) return
    this.anchorNs = timestampNs
    this.anchoredAt = now
  }
}
