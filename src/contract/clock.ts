// The clocks as arguments, so that tests can bend time.

export interface Clock {
  /** Nanoseconds: of the wall clock since 1970. That may jump; whoever needs order asks the hybrid logical clock, whoever needs ages the steady one. */
  now(): bigint
}

export const SYSTEM_CLOCK: Clock = { now: () => BigInt(Date.now()) * 1_000_000n }

/** Counts from anywhere, and never jumps; it stands still while the machine sleeps. */
export const MONOTONIC_CLOCK: Clock = { now: () => process.hrtime.bigint() }
