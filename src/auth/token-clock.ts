// The time by which tokens are judged: it follows the wall clock forwards, and never goes back with it.

export interface Clocks {
  /** Milliseconds since 1970, as the machine has them: may step in either direction. */
  readonly wall: () => number
  /** Milliseconds since some moment: never steps. */
  readonly monotonic: () => number
}

const OF_THE_MACHINE: Clocks = { wall: Date.now, monotonic: () => performance.now() }

export class TokenClock {
  /** What the steady time is ahead of the monotonic one. */
  private ahead: number

  constructor(private readonly clocks: Clocks = OF_THE_MACHINE) {
    this.ahead = clocks.wall() - clocks.monotonic()
  }

  /** It is at least as late as this, whatever the wall clock says: something has been stamped so. Answers how far behind that the wall clock is. */
  notBefore(time: number): number {
    this.ahead = Math.max(this.ahead, time - this.clocks.monotonic())
    return time - this.clocks.wall()
  }

  /** Milliseconds since 1970 that only ever grow, and only as fast as time goes by: for ages. */
  steady(): number {
    return this.ahead + this.clocks.monotonic()
  }

  /** Milliseconds since 1970. A wall clock that is ahead is believed for as long as it is; one that has gone back is not. */
  now(): number {
    return Math.max(this.clocks.wall(), this.steady())
  }
}
