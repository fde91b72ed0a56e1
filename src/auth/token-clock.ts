// The clock by which tokens are judged: it follows the wall clock forwards and never goes back with it.

export interface Clocks {
  /** Milliseconds since 1970 as the machine has them; they may step in either direction. */
  readonly wall: () => number
  /** Milliseconds since an arbitrary moment; they never step. */
  readonly monotonic: () => number
}

const OF_THE_MACHINE: Clocks = { wall: Date.now, monotonic: () => performance.now() }

export class TokenClock {
  /** How far the steady time is ahead of the monotonic one. */
  private ahead: number

  constructor(private readonly clocks: Clocks = OF_THE_MACHINE) {
    this.ahead = clocks.wall() - clocks.monotonic()
  }

  /**
   * Moves the clock to at least this time, because an event was already stamped with it. Returns how many milliseconds
   * the wall clock is behind that time; negative when it is ahead.
   */
  notBefore(time: number): number {
    this.ahead = Math.max(this.ahead, time - this.clocks.monotonic())
    return time - this.clocks.wall()
  }

  /** Milliseconds since 1970 that grow only as fast as time passes, so that ages can be measured with them. */
  steady(): number {
    return this.ahead + this.clocks.monotonic()
  }

  /** Milliseconds since 1970. A wall clock that runs ahead counts while it does; one that goes back does not. */
  now(): number {
    return Math.max(this.clocks.wall(), this.steady())
  }
}
