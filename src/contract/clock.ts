// Clocks are passed as arguments, so that tests can set the time.

export interface Clock {
  /**
   * Nanoseconds. The wall clock counts from 1970 and may jump, so order is taken from the hybrid logical clock and ages
   * are measured by the steady one.
   */
  now(): bigint
}

/** Of a millisecond. */
const LAST_MICROSECOND = 0.999

/**
 * The system's clock to the microsecond. Node tells it in whole milliseconds; how far it is into one is taken from the
 * monotonic clock, which is corrected whenever both disagree: after a step, a drift, or a first reading within a
 * millisecond. So a reading never leaves the millisecond that the system's clock tells.
 */
export class WallClock implements Clock {
  private aheadMs: number

  constructor(
    private readonly wallMs = () => Date.now(),
    private readonly steadyMs = () => performance.now(),
  ) {
    this.aheadMs = wallMs() - steadyMs()
  }

  now(): bigint {
    const wall = this.wallMs()
    const steady = this.steadyMs()
    let now = this.aheadMs + steady
    if (now < wall || now >= wall + 1) {
      now = now < wall ? wall : wall + LAST_MICROSECOND
      this.aheadMs = now - steady
    }
    return BigInt(Math.floor(now * 1_000)) * 1_000n
  }
}

export const SYSTEM_CLOCK: Clock = new WallClock()

/** Counts from an arbitrary start and never jumps; it does not go on while the machine sleeps. */
export const MONOTONIC_CLOCK: Clock = { now: () => process.hrtime.bigint() }
