// When frames are handled: some milliseconds in each round of the event loop for all sockets together, and then in turns, of which every agent has a slice.
import { Turn } from '../contract/turns.js'
import { FRAME_LIMITS } from '../streaming/frame-limits.js'

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

/** Some of the work of one socket: it ends when it is done, or its milliseconds are over. */
type Work = (ms: number) => void

/** The turns of all sockets. However many frames wait, they stand in the line of the whole process once. */
export class FrameTurns {
  private readonly waiting: TurnLine[] = []
  private isServing = false

  join(line: TurnLine): void {
    this.waiting.push(line)
    if (this.isServing) return
    this.isServing = true
    void this.serve()
  }

  /** Rejects never: what the work throws is told to whoever took the turn. */
  private async serve(): Promise<void> {
    const { waiting } = this
    const turn = new Turn(FRAME_LIMITS.turnMs)
    while (waiting.length > 0) {
      await turn.next()
      do waiting.shift()?.serveOne(waiting.length > 0 ? FRAME_LIMITS.sliceMs : FRAME_LIMITS.turnMs)
      while (waiting.length > 0 && !turn.isOver)
    }
    this.isServing = false
  }
}

/** Those who wait for the turns of one agent. However many they are, the agent has one slice of a turn after the other agents have had theirs. */
export class TurnLine {
  private readonly works: Work[] = []

  constructor(private readonly turns: FrameTurns) {}

  /** Resolves when the work has had its slice; rejects when it has thrown. */
  take(work: Work): Promise<void> {
    return new Promise((resolve, reject) => {
      this.works.push(ms => {
        try {
          resolve(work(ms))
        } catch (error) {
          reject(error)
        }
      })
      if (this.works.length === 1) this.turns.join(this)
    })
  }

  serveOne(ms: number): void {
    this.works.shift()?.(ms)
    if (this.works.length > 0) this.turns.join(this)
  }
}
