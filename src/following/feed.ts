// Reads what is new in the log once, for all: into the window, and to every follower that stands at the end.
import type { EventStore } from '../contract/event-store.js'
import { Follower, type Following, type Ground } from './follower.js'
import { RecentEvents, type SharedEvent, type WindowSize } from './recent-events.js'
import { Standing } from './standing.js'

const TICK_MS = 1_000
/** Followers that are asked and events that are sent before it is the turn of others; a sending counts as so many. */
const TURN_WORK = 20_000
const SENDING_WORK = 50

const WINDOW: WindowSize = { events: 4_096, bytes: 16 * 1024 * 1024 }

export class Feed implements Ground {
  readonly recent: RecentEvents
  readonly counts = { delivered: 0, fellBehind: 0 }
  private readonly followers = new Set<Follower>()
  private readonly standing = new Standing<Follower>()
  private stop: AbortController | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(
    readonly store: EventStore,
    window: WindowSize = WINDOW,
  ) {
    this.recent = new RecentEvents(window)
  }

  get open(): number {
    return this.followers.size
  }

  /** Its first frames may come before this returns. */
  follow(following: Following): Follower {
    const follower = new Follower(this, following)
    this.followers.add(follower)
    if (this.stop === undefined) this.begin()
    follower.resume()
    return follower
  }

  join(follower: Follower): void {
    this.standing.add(follower)
  }

  leave(follower: Follower): void {
    this.followers.delete(follower)
    this.standing.delete(follower)
    if (this.followers.size === 0) this.pause()
  }

  private begin(): void {
    this.stop = new AbortController()
    this.recent.restart(this.store.head())
    this.timer = setInterval(() => this.tick(), TICK_MS).unref()
    void this.run(this.stop.signal)
  }

  /** Without followers an append costs nothing here, and nothing is held. */
  private pause(): void {
    this.stop?.abort()
    this.stop = undefined
    clearInterval(this.timer)
    this.recent.restart(this.recent.end)
  }

  /** Once a second. */
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
    const { store, recent } = this
    const head = store.head()
    let work = 0
    for await (const event of store.read({ after: recent.end })) {
      if (signal.aborted) return
      work += this.pass(recent.push(event))
      if (work < TURN_WORK) continue
      work = 0
      await new Promise(setImmediate)
      if (signal.aborted) return
    }
    // What was to be read is not kept any more: there is nothing to wait for again.
    if (recent.end < head) recent.restart(head)
  }

  /** Answers how much work it was. */
  private pass(shared: SharedEvent): number {
    const { delivered } = this.counts
    let asked = 1
    for (const follower of this.standing.candidates(shared.event)) {
      asked++
      try {
        if (!follower.offer(shared)) this.standing.delete(follower)
      } catch (error) {
        follower.fail(error)
      }
    }
    return asked + SENDING_WORK * (this.counts.delivered - delivered)
  }

  /** Whoever stands at the end has its next event from here, and must hear that it cannot be had. */
  private fail(error: unknown): void {
    const closed = (error as { code?: unknown }).code === 'CLOSED'
    for (const follower of closed ? this.followers : this.standing.everyone) follower.fail(error)
    if (this.stop !== undefined) this.recent.restart(this.store.head())
  }
}
