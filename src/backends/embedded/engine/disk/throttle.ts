// Keeps background reading below a number of bytes per second, and can be stopped at any moment.

/** Thrown by `spend` after `stop`, so that work in progress ends at once. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
}

/** Shorter waits are added up until they reach this, because timers cost more than they would save. */
const SHORTEST_WAIT_MS = 5

export class Throttle {
  private dueMs = 0
  private stopped = false
  private wake: () => void = () => undefined

  constructor(private readonly bytesPerSecond: number) {}

  /** Resolves when this many bytes may be read. Throws Stopped after `stop`. */
  async spend(bytes: number): Promise<void> {
    const now = performance.now()
    this.dueMs = Math.max(this.dueMs, now) + (bytes * 1000) / this.bytesPerSecond
    if (!this.stopped && this.dueMs - now > SHORTEST_WAIT_MS) await this.sleep(this.dueMs - now)
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
