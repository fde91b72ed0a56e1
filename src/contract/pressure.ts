// What the service gives up while it is in trouble: the room of its caches and batches, and work in the background.

interface Trouble {
  readonly memoryIsShort: boolean
  readonly isEmergency: boolean
}

export class Pressure {
  private trouble: Trouble = { memoryIsShort: false, isEmergency: false }
  private readonly listeners = new Set<() => void>()
  /** Batches and caches are kept small, and live projections rest. */
  memoryIsShort = false
  /** Snapshots, archiving and scrubbing rest. */
  rests = false

  tell(change: Partial<Trouble>): void {
    this.trouble = { ...this.trouble, ...change }
    const { memoryIsShort, isEmergency } = this.trouble
    const rests = memoryIsShort || isEmergency
    if (memoryIsShort === this.memoryIsShort && rests === this.rests) return
    this.memoryIsShort = memoryIsShort
    this.rests = rests
    for (const listener of this.listeners) listener()
  }

  /** The listener is called whenever one of the two changes. */
  listen(listener: () => void): void {
    this.listeners.add(listener)
  }

  unlisten(listener: () => void): void {
    this.listeners.delete(listener)
  }

  /** What is left of a number of bytes that a cache or a batch may hold. */
  shareOf(bytes: number): number {
    return this.memoryIsShort ? Math.floor(bytes / 8) : bytes
  }
}
