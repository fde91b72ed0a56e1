// Gives long work its turns on the event loop, one in each round of it, so that everything else waits for one turn and never for all of them.

/** How long a turn is. */
export const TURN_MS = 5

// The loop is one for the whole process, and so is the queue for its turns.
const waiting: (() => void)[] = []

/** Resolves when the next turn is the caller's: whoever came first has it first. */
export function nextTurn(): Promise<void> {
  return new Promise(resume => {
    waiting.push(resume)
    if (waiting.length === 1) setImmediate(grant)
  })
}

function grant(): void {
  const resume = waiting.shift()
  // The next one has the next round of the loop, after whatever has come in meanwhile.
  if (waiting.length > 0) setImmediate(grant)
  resume?.()
}

/** Work that may take longer than one turn asks `isOver` as it goes, and takes the next one when it is. */
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
