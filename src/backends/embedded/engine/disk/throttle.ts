// Keeps background reading below a number of bytes per second and out of the way of others, and can be stopped at once.

/** Thrown by `spend` after `stop`, so that work in progress ends at once. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
}

/** Shorter waits are added up until they reach this, because timers cost more than they would save. */
const SHORTEST_WAIT_MS = 5

/** How often others are asked whether they are still busy. */
const YIELD_MS = 50
/**
 * Each call gives way for at most this long, so that what is read in the background is read at all on a server that is
 * never idle.
 */
const LONGEST_YIELD_MS = 1_000

export class Throttle {
  private dueMs = 0
  private stopped = false
  private wake: () => void = () => undefined

  constructor(
    private readonly bytesPerSecond: number,
    /** True while others need the disk or the processor more. */
    private readonly isBusy: () => boolean = () => false,
  ) {}

  /** Resolves when this many bytes may be read. Throws Stopped after `stop`. */
  async spend(bytes: number): Promise<void> {
    const now = performance.now()
    this.dueMs = Math.max(this.dueMs, now) + (bytes * 1000) / this.bytesPerSecond
    if (!this.stopped && this.dueMs - now > SHORTEST_WAIT_MS) await this.sleep(this.dueMs - now)
    const yieldUntilMs = performance.now() + LONGEST_YIELD_MS
    while (!this.stopped && this.isBusy() && performance.now() < yieldUntilMs) await this.sleep(YIELD_MS)
    if (this.stopped) throw new Stopped('background reading was stopped')
  }

  stop(): void {
    this.stopped = true
    this.wake()
  }

  private async sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms).unref()
    this.wake = resolve
    await promise
    clearTimeout(timer)
  }
}
