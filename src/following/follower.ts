// One follower: from the log or from the window, it sends its sink the events that match behind its position, in order.
import type { Position } from '../contract/event.js'
import type { EventStore } from '../contract/event-store.js'
import { compileFilter, type EventFilter, type EventTest, filterCost } from '../contract/filter.js'
import { SkippedDamage, type SkippedRange } from '../contract/skipped-damage.js'
import { Turn } from '../contract/turns.js'
import { type RecentEvents, SharedEvent } from './recent-events.js'

/** Where a follower's frames go. Events and checkpoints wait for room; the other frames are short and rare. */
export interface Sink {
  /** A sink that answered false must call the follower's `resume` once it has room, because nobody asks again. */
  readonly hasRoom: boolean
  event(event: SharedEvent): void
  checkpoint(position: Position): void
  caughtUp(position: Position): void
  fellBehind(position: Position): void
  /** A sink that has this is told what is damaged, and goes on behind it; any other fails there. */
  readonly damaged?: ((range: SkippedRange) => void) | undefined
  /** The follower cannot go on; no call comes after this one. */
  failed(error: unknown, position: Position): void
}

/** Who is handed the events, and how. */
export interface Reader {
  readonly agentId: string
  readonly surface: 'sse' | 'websocket' | 'group'
}

export interface Following {
  readonly filter: EventFilter
  readonly after: Position
  readonly sink: Sink
  /** Absent where the service itself follows. */
  readonly reader?: Reader
}

/** How many comparisons are made between two looks at the clock, and after how long others get their turn. */
export interface Pace {
  readonly work: number
  readonly turnMs: number
  readonly firstTurnMs: number
}

/** What all followers of one feed share. */
export interface FollowerContext {
  readonly store: EventStore
  readonly recent: RecentEvents
  readonly pace: Pace
  /** Every follower at head has been offered all events up to here that may match. */
  readonly passed: Position
  readonly counts: { delivered: number; fellBehind: number }
  /** Called by a follower that reaches the head: from then on it is offered each event as it comes. */
  join(follower: Follower): void
  leave(follower: Follower): void
}

/** After so many events without a match a checkpoint is due, because a reconnect would read them all again. */
const CHECKPOINT_EVENTS = 4_096
const CHECKPOINT_TICKS = 5
/** For how many ticks a read of the log is kept open while the sink is full. */
const PATIENCE_TICKS = 2
/** Events from the log between two looks at the clock. */
const SENT_A_LOOK = 16

export class Follower {
  private at: Position
  /** The last position the sink was given, in an event, a checkpoint or `caughtUp`. */
  private told: Position
  private caughtUp = false
  private standing = false
  private going = false
  private over = false
  private quietTicks = 0
  private waiting: { readonly wake: (hasRoom: boolean) => void; ticksLeft: number } | undefined
  readonly filter: EventFilter
  /** The work of holding one event against the filter, in comparisons. */
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

  /** Every event up to here has been considered. At head this includes events that the index ruled out unseen. */
  get position(): Position {
    return this.standing ? Math.max(this.at, this.ground.passed) : this.at
  }

  /** Goes on from its position. To be called at the start, and whenever a full sink has room again. */
  resume(): void {
    this.waiting?.wake(true)
    if (!this.standing && !this.going && !this.over) void this.go()
  }

  /** The sink is not called after this. */
  end(): void {
    if (this.over) return
    this.at = this.position
    this.over = true
    this.standing = false
    this.waiting?.wake(false)
    this.ground.leave(this)
  }

  get skipsDamage(): boolean {
    return this.sink.damaged !== undefined
  }

  /** Makes a follower at head read on from the log, because the window cannot be filled behind its position. */
  leaveHead(): void {
    this.at = this.position
    this.standing = false
  }

  fail(error: unknown): void {
    if (this.over) return
    this.end()
    this.sink.failed(error, this.at)
  }

  /** Answers false when the event matches and the sink is full: the follower is then no longer at head. */
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

  /** Called by the feed once a second. */
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
    const turn = new Turn(this.ground.pace.turnMs, this.ground.pace.firstTurnMs)
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

  /** Nothing is awaited between the last event and `join`, because an event in between would be missed. */
  private stepThroughRecent(turn: Turn): 'behind' | 'full' | 'stands' | 'tired' {
    const { recent, pace } = this.ground
    if (!recent.reaches(this.at)) return 'behind'
    let work = 0
    for (let next = this.at + 1; next <= recent.end; next++) {
      const shared = recent.at(next)
      // The frames made for an earlier event count against the window's bytes and may have pushed this one out.
      if (shared === undefined) return this.behindFrom(next)
      // The sink may have ended the follower while it took the event.
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

  /** Reads up to the head of when it began, or until the sink has been full too long to keep the read open. */
  private async readLog(): Promise<void> {
    const { store } = this.ground
    const head = store.head()
    const turn = new Turn(this.ground.pace.turnMs, this.ground.pace.firstTurnMs)
    let sent = 0
    let gaveUp = false
    const skipped = this.skipsDamage ? new SkippedDamage() : undefined
    const request = { filter: this.filter, after: this.at }
    const events = store.read(skipped === undefined ? request : { ...request, onDamaged: skipped.note })
    for await (const event of events) {
      if (this.over) return
      if (!this.sink.hasRoom && !(await this.room(PATIENCE_TICKS))) {
        gaveUp = true
        break
      }
      // The follower may have ended between the wake-up and this continuation.
      if (this.over) return
      if (skipped !== undefined) this.tellDamage(skipped.before(event.position))
      if (this.over) return
      this.send(new SharedEvent(event))
      if (++sent % SENT_A_LOOK === 0 && turn.isOver) await turn.next()
    }
    if (gaveUp) await this.room(Number.POSITIVE_INFINITY)
    else {
      if (skipped !== undefined) this.tellDamage(skipped.rest())
      this.at = Math.max(this.at, head)
    }
  }

  private tellDamage(ranges: readonly SkippedRange[]): void {
    for (const range of ranges) if (!this.over) this.sink.damaged?.(range)
  }

  /** Resolves with true when there is room, with false after `ticks` ticks or when the follower has ended. */
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
