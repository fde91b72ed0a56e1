// Wakes, in all threads of a process, whoever waits for something in shared memory to have changed.
export class SharedSignal {
  constructor(private readonly cell: Int32Array) {}

  /** Read it before looking at what may change: `next` then misses nothing. */
  get seen(): number {
    return Atomics.load(this.cell, 0)
  }

  wake(): void {
    Atomics.add(this.cell, 0, 1)
    Atomics.notify(this.cell, 0)
  }

  /** Resolves when `wake` was called after `seen` was read. It does not keep the process alive. */
  async next(seen: number): Promise<void> {
    await Atomics.waitAsync(this.cell, 0, seen).value
  }
}
