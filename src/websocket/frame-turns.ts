// Decides when frames are handled: some milliseconds per round of the event loop for all sockets, the rest in turns.
import { nextTurn, Turn } from '../contract/turns.js'
import { FRAME_LIMITS } from '../streaming/frame-limits.js'

/** The time in each round of the event loop in which frames are handled as they come, of all sockets together. */
export class FrameRound {
  private begun: number | undefined

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** The first frame of a round begins its time. When that is over, it is over for all sockets until the next round. */
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

/** Some of the work of one socket. It must return when it is done or its milliseconds are over. */
type Work = (ms: number) => void

/** The turns of all sockets. They take one place in the queue of the process, so frames do not crowd out other work. */
export class FrameTurns {
  private readonly waiting: TurnLine[] = []
  private isServing = false

  join(line: TurnLine): void {
    this.waiting.push(line)
    if (this.isServing) return
    this.isServing = true
    void this.serve()
  }

  /** Never rejects: what a work throws rejects the promise of `TurnLine.take`. */
  private async serve(): Promise<void> {
    const { waiting } = this
    const turn = Turn.of(FRAME_LIMITS.turnMs)
    while (waiting.length > 0) {
      // Frames are short work however long they keep coming, since each socket has only a slice of a turn.
      await nextTurn()
      turn.restart()
      do waiting.shift()?.serveOne(waiting.length > 0 ? FRAME_LIMITS.sliceMs : FRAME_LIMITS.turnMs)
      while (waiting.length > 0 && !turn.isOver)
    }
    this.isServing = false
  }
}

/** The waiting work of one agent. However much it is, the agent has one slice, then the other agents have theirs. */
export class TurnLine {
  private readonly works: Work[] = []

  constructor(private readonly turns: FrameTurns) {}

  /** Resolves when the work has had its slice; rejects with what it threw. */
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
