// A wall clock that a test bends: it stands still until told to move, in either direction, or until time passes.
import type { Clock } from '../../src/contract/clock.js'

export const SECOND = 1_000_000_000n
export const MINUTE = 60n * SECOND
export const HOUR = 60n * MINUTE
export const DAY = 24n * HOUR
export const YEAR = 365n * DAY

/** 2026-01-01T00:00:00Z */
export const NEW_YEAR = 1_767_225_600n * SECOND

export class ManualClock implements Clock {
  private passed = 0n
  /** The monotonic clock beside it, which no step moves. */
  readonly steady: Clock = { now: () => this.passed }

  constructor(private time: bigint = NEW_YEAR) {}

  now(): bigint {
    return this.time
  }

  /** The wall clock alone steps. */
  move(nanoseconds: bigint): void {
    this.time += nanoseconds
  }

  /** Time passes, and both clocks show it. */
  pass(nanoseconds: bigint): void {
    this.time += nanoseconds
    this.passed += nanoseconds
  }
}
