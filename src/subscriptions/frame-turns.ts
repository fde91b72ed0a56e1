// When frames are handled: some milliseconds in each round of the event loop for all sockets together, then in turns, one agent after the other.
import { nextTurn } from '../contract/turns.js'
import { FRAME_LIMITS } from './frame-limits.js'

/** What may be handled at once, whoever sent it. */
export class FrameRound {
  private begun: number | undefined

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Begins with the first frame of a round, and is over for all the others when its time is. */
  get isOver(): boolean {
    const now = this.now()
    if (this.begun !== undefined) return now - this.begun >= FRAME_LIMITS.turnMs
    this.begun = now
    setImmediate(() => {
      this.begun = undefined
    })
    return false
  }
}

/** Those who wait for the turns of one agent. However many they are, the agent stands in the line of the whole process once. */
export class TurnLine {
  private last: Promise<void> = Promise.resolve()

  /** Does it in the next turn that is left by those before it; rejects when it throws. */
  take(work: () => void): Promise<void> {
    const done = this.last.then(nextTurn).then(work)
    this.last = done.catch(ignored)
    return done
  }
}

function ignored(): void {}
