// Gives long work one turn in each round of the event loop, so that everything else waits for one turn at most.

/** Milliseconds that a turn may take. */
export const TURN_MS = 5

// The process has one event loop, so it has one queue for turns.
const waiting: (() => void)[] = []

/** Resolves when the next turn is the caller's; turns are given in the order of the calls. */
export function nextTurn(): Promise<void> {
  return new Promise(resume => {
    waiting.push(resume)
    if (waiting.length === 1) setImmediate(grant)
  })
}

function grant(): void {
  const resume = waiting.shift()
  // The next turn comes in the next round of the loop, so that what has come in meanwhile goes first.
  if (waiting.length > 0) setImmediate(grant)
  resume?.()
}

/** Work that may take longer than a turn checks `isOver` as it goes, and awaits `next` when it is true. */
export class Turn {
  private started = performance.now()

  constructor(private readonly lengthMs = TURN_MS) {}

  get isOver(): boolean {
    return performance.now() - this.started >= this.lengthMs
  }

  async next(): Promise<void> {
    await nextTurn()
    this.started = performance.now()
  }
}
