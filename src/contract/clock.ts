// The wall clock as an argument, so that tests can bend time.

export interface Clock {
  /** Nanoseconds since 1970. May jump; whoever needs order asks the hybrid logical clock. */
  now(): bigint
}

export const SYSTEM_CLOCK: Clock = { now: () => BigInt(Date.now()) * 1_000_000n }
