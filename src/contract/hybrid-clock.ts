// The hybrid logical clock: readings that only ever grow, whatever the wall clock does.
import type { Clock } from './clock.js'
import { SEQUENCE_MAX, TIMESTAMP_MAX } from './event-id.js'

/** When an event was written. Readings rise with positions. */
export interface ClockReading {
  readonly timestampNs: bigint
  readonly sequence: number
}

/**
 * Follows the wall clock while that is ahead; otherwise it keeps its time and counts. A reading that is not used is
 * lost, which does no harm: ids grow, but they are not dense.
 */
export class HybridClock {
  private timestampNs: bigint
  private sequence: number

  /** `last` is the newest reading known from an earlier process; every reading made here is greater. */
  constructor(
    private readonly clock: Clock,
    last: ClockReading = { timestampNs: 0n, sequence: -1 },
  ) {
    this.timestampNs = last.timestampNs
    this.sequence = last.sequence
  }

  get latestNs(): bigint {
    return this.timestampNs
  }

  next(): ClockReading {
    const now = this.clock.now()
    // A wall clock beyond what an id can hold is wrong, and readings that had followed it could never come back.
    if (now > this.timestampNs && now <= TIMESTAMP_MAX) {
      this.timestampNs = now
      this.sequence = 0
      return { timestampNs: now, sequence: 0 }
    }
    return this.following()
  }

  /** One more of the same moment: what is appended together is written at one time. */
  following(): ClockReading {
    if (this.sequence < SEQUENCE_MAX) {
      this.sequence++
    } else {
      this.timestampNs++
      this.sequence = 0
    }
    return { timestampNs: this.timestampNs, sequence: this.sequence }
  }
}
