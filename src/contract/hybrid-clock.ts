// The hybrid logical clock: readings that only ever grow, whatever the wall clock does.
import type { Clock } from './clock.js'
import { SEQUENCE_MAX, TIMESTAMP_MAX } from './event-id.js'

/** When an event was written: events rise by it, in position order. */
export interface ClockReading {
  readonly timestampNs: bigint
  readonly sequence: number
}

/**
 * Follows the wall clock while that is ahead; stands still and counts while it is not.
 * A reading that ends up unused is simply lost: ids grow, they are not dense.
 */
export class HybridClock {
  private timestampNs: bigint
  private sequence: number

  /** `last`: the newest reading known from an earlier life; everything read here is greater. */
  constructor(
    private readonly clock: Clock,
    last: ClockReading = { timestampNs: 0n, sequence: -1 },
  ) {
    this.timestampNs = last.timestampNs
    this.sequence = last.sequence
  }

  /** The time of the last reading. */
  get latestNs(): bigint {
    return this.timestampNs
  }

  next(): ClockReading {
    const now = this.clock.now()
    // A wall clock beyond what an id can hold is wrong, and following it would be for ever.
    if (now > this.timestampNs && now <= TIMESTAMP_MAX) {
      this.timestampNs = now
      this.sequence = 0
    } else if (this.sequence < SEQUENCE_MAX) {
      this.sequence++
    } else {
      this.timestampNs++
      this.sequence = 0
    }
    return { timestampNs: this.timestampNs, sequence: this.sequence }
  }
}
