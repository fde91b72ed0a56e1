// One follower: a position, a filter and a sink. From the log or from the window, its next event is the first that matches behind its position.
import type { Position } from '../contract/event.js'
import type { EventStore } from '../contract/event-store.js'
import { compileFilter, type EventFilter, type EventTest, filterCost } from '../contract/filter.js'
import { Turn } from '../contract/turns.js'
import { type RecentEvents, SharedEvent } from './recent-events.js'

/** Where a follower's frames go. Only events are held back when there is no room: what else is said is short and rare. */
export interface Sink {
  /** Whoever answers false here calls `resume` of the follower when there is room again. */
  readonly hasRoom: boolean
  event(event: SharedEvent): void
  checkpoint(position: Position): void
  caughtUp(position: Position): void
  fellBehind(position: Position): void
  /** It is over, and nothing comes any more. */
  failed(error: unknown, position: Position): void
}

export interface Following {
  readonly filter: EventFilter
  readonly after: Position
  readonly sink: Sink
}

/** How long work goes on before it is the turn of others, and how many comparisons before it looks at the clock. */
export interface Pace {
  readonly work: number
  readonly turnMs: number
}

/** What followers share. */
export interface FollowerContext {
  readonly store: EventStore
  readonly recent: RecentEvents
  readonly pace: Pace
  /** Whoever stands at the end has been asked about all events up to here. */
  readonly passed: Position
  readonly counts: { delivered: number; fellBehind: number }
  /** It stands at the end: from now on it is offered each event as it comes. */
  join(follower: Follower): void
  leave(follower: Follower): void
}

/** Passed over without a word, a reconnect would read them all again. */
const CHECKPOINT_EVENTS = 4_096
const CHECKPOINT_TICKS = 5
/** How long a read of the log is kept open for a sink that is full. */
const PATIENCE_TICKS = 2
/** Events from the log between two looks at the clock. */
const SENT_A_LOOK = 16

export class Follower {
  private at: Position
  /** How far whoever reads the sink knows that it has come. */
  private told: Position
  private caughtUp = false
  private standing = false
  private going = false
  private over = false
  private quietTicks = 0
  private waiting: { readonly wake: (hasRoom: boolean) => void; ticksLeft: number } | undefined
  readonly filter: EventFilter
  /** Of one look at an event, in comparisons. */
  readonly cost: number
  private readonly matches: EventTest
  private readonly sink: Sink

  constructor(
    private readonly ground: FollowerContext,
    { filter, after, sink }: Following,
  ) {
    this.filter = filter
    this.cost = filterCost(filter)
    this.matches = compileFilter(filter)
    this.sink = sink
    this.at = after
    this.told = after
  }

  /** Everything up to here has been looked at. Who stands at the end is not told of what it need not see. */
  get position(): Position {
    return this.standing ? Math.max(this.at, this.ground.passed) : this.at
  }

  /** Goes on from its position: to be called at the start, and whenever a sink that was full has room again. */
  resume(): void {
    this.waiting?.wake(true)
    if (!this.standing && !this.going && !this.over) void this.go()
  }

  /** Nothing goes to the sink any more. */
  end(): void {
    if (this.over) return
    this.at = this.position
    this.over = true
    this.standing = false
    this.waiting?.wake(false)
    this.ground.leave(this)
  }

  fail(error: unknown): void {
    if (this.over) return
    this.end()
    this.sink.failed(error, this.at)
  }

  /** Answers false when the event matches and the sink is full: then the follower does not stand at the end any more. */
  offer(shared: SharedEvent): boolean {
    const { position } = shared
    if (position <= this.at || !this.matches(shared.event)) return true
    if (!this.sink.hasRoom) {
      this.at = position - 1
      this.standing = false
      return false
    }
    this.send(shared)
    return true
  }

  /** Once a second. */
  tick(): void {
    const { waiting } = this
    if (waiting !== undefined && --waiting.ticksLeft === 0) waiting.wake(false)
    if (!this.standing) return
    this.at = this.position
    if (this.told >= this.at) this.quietTicks = 0
    else if (++this.quietTicks >= CHECKPOINT_TICKS || this.at - this.told >= CHECKPOINT_EVENTS) this.checkpoint()
  }

  private checkpoint(): void {
    if (!this.sink.hasRoom) return
    this.told = this.at
    this.quietTicks = 0
    this.sink.checkpoint(this.at)
  }

  private send(shared: SharedEvent): void {
    this.sink.event(shared)
    this.at = shared.position
    this.told = shared.position
    this.ground.counts.delivered++
  }

  private async go(): Promise<void> {
    this.going = true
    const turn = new Turn(this.ground.pace.turnMs)
    try {
      while (!this.over) {
        const came = this.stepThroughRecent(turn)
        if (came === 'full' || came === 'stands') return
        if (came === 'tired') {
          await turn.next()
          continue
        }
        if (this.caughtUp) this.fallBehind()
        await this.readLog()
      }
    } catch (error) {
      this.fail(error)
    } finally {
      this.going = false
    }
  }

  /** Without a pause from the last event to standing at the end: what comes meanwhile would be missed. */
  private stepThroughRecent(turn: Turn): 'behind' | 'full' | 'stands' | 'tired' {
    const { recent, pace } = this.ground
    if (!recent.reaches(this.at)) return 'behind'
    let work = 0
    for (let next = this.at + 1; next <= recent.end; next++) {
      const shared = recent.at(next)
      // Framing an event for others may have pushed it out.
      if (shared === undefined) return this.behindFrom(next)
      // A sink that has ended the follower takes nothing any more.
      if (!this.offer(shared) || this.over) return 'full'
      work += this.cost
      if (work < pace.work) continue
      work = 0
      if (!turn.isOver) continue
      this.at = next
      return 'tired'
    }
    this.at = Math.max(this.at, recent.end)
    if (!this.caughtUp) {
      this.caughtUp = true
      this.told = this.at
      this.sink.caughtUp(this.at)
    }
    if (this.over) return 'full'
    this.standing = true
    this.ground.join(this)
    return 'stands'
  }

  private behindFrom(next: Position): 'behind' {
    this.at = Math.max(this.at, next - 1)
    return 'behind'
  }

  private fallBehind(): void {
    this.caughtUp = false
    this.ground.counts.fellBehind++
    this.sink.fellBehind(this.at)
  }

  /** Up to the head at its start, or until the sink has been full for too long to keep a read open for it. */
  private async readLog(): Promise<void> {
    const { store } = this.ground
    const head = store.head()
    const turn = new Turn(this.ground.pace.turnMs)
    let sent = 0
    let gaveUp = false
    for await (const event of store.read({ filter: this.filter, after: this.at })) {
      if (this.over) return
      if (!this.sink.hasRoom && !(await this.room(PATIENCE_TICKS))) {
        gaveUp = true
        break
      }
      // It may have ended between the waking and now.
      if (this.over) return
      this.send(new SharedEvent(event))
      if (++sent % SENT_A_LOOK === 0 && turn.isOver) await turn.next()
    }
    if (gaveUp) await this.room(Number.POSITIVE_INFINITY)
    else this.at = Math.max(this.at, head)
  }

  /** Resolves with true when there is room, with false after so many ticks or when the follower is over. */
  private room(ticks: number): Promise<boolean> {
    if (this.over || this.sink.hasRoom) return Promise.resolve(!this.over)
    return new Promise(resolve => {
      const wake = (hasRoom: boolean) => {
        this.waiting = undefined
        resolve(hasRoom && !this.over)
      }
      this.waiting = { wake, ticksLeft: ticks }
    })
  }
}
