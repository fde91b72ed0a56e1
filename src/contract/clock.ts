// Clocks are passed as arguments, so that tests can set the time.

export interface Clock {
  /**
   * Nanoseconds. The wall clock counts from 1970 and may jump, so order is taken from the hybrid logical clock and ages
   * are measured by the steady one.
   */
  now(): bigint
}

export const SYSTEM_CLOCK: Clock = { now: () => BigInt(Date.now()) * 1_000_000n }

/** Counts from an arbitrary start and never jumps; it does not go on while the machine sleeps. */
export const MONOTONIC_CLOCK: Clock = { now: () => process.hrtime.bigint() }
