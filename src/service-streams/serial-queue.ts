// Runs work that must not overlap: each piece begins when the one before it has ended, even if that failed.
export class SerialQueue {
  private last: Promise<unknown> = Promise.resolve()

  run<R>(work: () => Promise<R>): Promise<R> {
    const done = this.last.then(work)
    this.last = done.catch(() => undefined)
    return done
  }

  /** Resolves when all that has been queued so far has ended. */
  async settled(): Promise<void> {
    await this.last
  }
}
