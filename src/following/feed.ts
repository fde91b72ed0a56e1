// Reads what is new in the log once for all followers: into the window, and on to every follower at head.
import { codeOf } from '../contract/errors.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import type { EventStore, ReadRequest } from '../contract/event-store.js'
import type { EventFilter } from '../contract/filter.js'
import { Pressure } from '../contract/pressure.js'
import { FIRST_MS, TURN_MS, Turn } from '../contract/turns.js'
import type { ServiceLevels } from '../monitors/service-levels.js'
import { type DeliveryTraces, TracedSink } from './delivery-traces.js'
import { Follower, type FollowerContext, type Following, type Pace } from './follower.js'
import { FollowerIndex } from './follower-index.js'
import { readFromMemory } from './memory-reads.js'
import { RecentEvents, type SharedEvent, type WindowSize } from './recent-events.js'
import { Waker, type Woken } from './waker.js'

const TICK_MS = 1_000
/** The work of sending one event, in comparisons. */
const SENDING_WORK = 50

const WINDOW: WindowSize = { events: 4_096, bytes: 16 * 1024 * 1024 }
const PACE: Pace = { work: 1_024, turnMs: TURN_MS, firstTurnMs: FIRST_MS }

/** Who is told of deliveries. */
interface Watched {
  /** Absent where nothing is traced. */
  readonly traces?: DeliveryTraces | undefined
  /** Hears how long what is durable takes to reach who follows. */
  readonly levels?: ServiceLevels
  /** While memory is short the window is small. */
  readonly pressure?: Pressure
}

export class Feed implements FollowerContext {
  readonly recent: RecentEvents
  readonly pressure: Pressure
  readonly counts = { delivered: 0, fellBehind: 0 }
  private readonly followers = new Set<Follower>()
  private readonly atHead = new FollowerIndex<Follower>()
  private stop: AbortController | undefined
  private timer: NodeJS.Timeout | undefined
  /** The event that is being offered to the followers at head, so `passed` must not count it yet. */
  private passing: Position | undefined
  private waking = 0
  /** How often an event has been offered to a follower. */
  asked = 0

  constructor(
    readonly store: EventStore,
    window: WindowSize = WINDOW,
    readonly pace: Pace = PACE,
    private readonly watched: Watched = {},
  ) {
    this.recent = new RecentEvents(window)
    this.pressure = watched.pressure ?? new Pressure()
    this.pressure.listen(() => this.recent.bound(this.pressure.shareOf(window.bytes)))
  }

  get open(): number {
    return this.followers.size - this.waking
  }

  get traces(): DeliveryTraces | undefined {
    return this.watched.traces
  }

  get passed(): Position {
    return this.passing === undefined ? this.recent.end : this.passing - 1
  }

  /** What a read answers whose storage is gone; undefined when not all of it lies in the window. */
  fromMemory(request: ReadRequest): readonly RecordedEvent[] | undefined {
    return readFromMemory(this.recent, request, this.store.head())
  }

  /** The sink may be called before this returns. */
  follow(following: Following): Follower {
    const follower = new Follower(this, this.traced(following))
    this.followers.add(follower)
    if (this.stop === undefined) this.begin()
    follower.resume()
    return follower
  }

  private traced(following: Following): Following {
    const { traces } = this
    const { filter, after, sink, reader } = following
    if (traces === undefined || reader === undefined) return following
    return { filter, after, sink: new TracedSink(sink, traces, reader) }
  }

  /**
   * Resolves as soon as an event behind `after` matches, or when the signal aborts, with the position up to which none
   * does. An event that the follower index rules out costs the wait nothing.
   */
  async wake(filter: EventFilter, after: Position, signal: AbortSignal): Promise<Woken> {
    const waker = new Waker()
    this.waking++
    const follower = this.follow({ filter, after, sink: waker })
    const giveUp = () => waker.giveUp(follower.position)
    signal.addEventListener('abort', giveUp, { once: true })
    if (signal.aborted) giveUp()
    try {
      return await waker.woken
    } finally {
      signal.removeEventListener('abort', giveUp)
      this.waking--
      follower.end()
    }
  }

  join(follower: Follower): void {
    this.atHead.add(follower)
  }

  leave(follower: Follower): void {
    this.followers.delete(follower)
    this.atHead.delete(follower)
    if (this.followers.size === 0) this.pause()
  }

  private begin(): void {
    this.stop = new AbortController()
    this.passing = undefined
    this.watched.levels?.followed(true)
    this.recent.restart(this.store.head())
    this.timer = setInterval(() => this.tick(), TICK_MS).unref()
    void this.run(this.stop.signal)
  }

  /** Without followers nothing is read or held, so an append costs nothing here. */
  private pause(): void {
    this.stop?.abort()
    this.stop = undefined
    this.watched.levels?.followed(false)
    clearInterval(this.timer)
    this.recent.restart(this.recent.end)
  }

  /** Called by the timer once a second. */
  tick(): void {
    for (const follower of this.followers) follower.tick()
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.store.beyond(this.recent.end, signal)
        await this.readOn(signal)
      } catch (error) {
        if (signal.aborted) return
        this.fail(error)
      }
    }
  }

  private async readOn(signal: AbortSignal): Promise<void> {
    const { store, recent, pace } = this
    const head = store.head()
    const { delivered } = this.counts
    const turn = new Turn(pace.turnMs, pace.firstTurnMs)
    let work = 0
    for await (const event of store.read({ after: recent.end })) {
      if (signal.aborted) return
      const shared = recent.push(event)
      this.passing = event.position
      for (const follower of this.atHead.candidates(event)) {
        work += this.offer(follower, shared)
        if (work < pace.work) continue
        work = 0
        if (turn.isOver) await turn.next()
        if (signal.aborted) return
      }
      this.passing = undefined
      work++
    }
    this.watched.levels?.delivered(this.counts.delivered > delivered)
    // Retention removed what was to be read. Without the restart `beyond` would resolve at once, again and again.
    if (recent.end < head) recent.restart(head)
  }

  /** Answers how much work it was, in comparisons. */
  private offer(follower: Follower, shared: SharedEvent): number {
    const { delivered } = this.counts
    this.asked++
    try {
      if (!follower.offer(shared)) this.atHead.delete(follower)
    } catch (error) {
      follower.fail(error)
    }
    return follower.cost + SENDING_WORK * (this.counts.delivered - delivered)
  }

  /** Followers at head get their next event only from here, so they must hear that it cannot be read. */
  private fail(error: unknown): void {
    const code = codeOf(error)
    const skipping: Follower[] = []
    for (const follower of code === 'CLOSED' ? this.followers : this.atHead.everyone) {
      if (code === 'DATA_CORRUPT' && follower.skipsDamage) skipping.push(follower)
      else follower.fail(error)
    }
    for (const follower of skipping) {
      follower.leaveHead()
      this.atHead.delete(follower)
    }
    this.passing = undefined
    if (this.stop !== undefined) this.recent.restart(this.store.head())
    for (const follower of skipping) follower.resume()
  }
}
