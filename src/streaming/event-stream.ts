// A stream of events as server-sent events: the sink of one follower.
import type { Position } from '../contract/event.js'
import type { Follower, Sink } from '../following/follower.js'
import { SharedEvent } from '../following/recent-events.js'
import type { Show } from '../upcasting/upcaster.js'
import { sseEnvelope } from '../wire/event-frames.js'
import { caughtUpFrame, checkpointFrame, damagedFrame, fellBehindFrame } from '../wire/frames.js'
import { SseWriter } from './sse-writer.js'

export class EventStream extends SseWriter implements Sink {
  readonly damaged: Sink['damaged']
  private follower: Follower | undefined

  /** Without `show` events are sent as they are stored. */
  constructor(
    problemOf: (error: unknown) => object,
    private readonly show: Show | undefined,
    skipDamaged = false,
  ) {
    super(problemOf)
    this.damaged = skipDamaged ? range => this.say('damaged', damagedFrame(range)) : undefined
  }

  begin(follow: (sink: Sink) => Follower): void {
    this.follower = follow(this)
  }

  event(event: SharedEvent): void {
    this.put(this.shown(event).frame(sseEnvelope))
  }

  checkpoint(position: Position): void {
    this.say('checkpoint', checkpointFrame(position), position)
  }

  caughtUp(position: Position): void {
    this.say('caughtUp', caughtUpFrame(position), position)
  }

  fellBehind(position: Position): void {
    this.say('fellBehind', fellBehindFrame(position), position)
  }

  protected refill(): void {
    this.follower?.resume()
  }

  protected release(): void {
    this.follower?.end()
  }

  /** An event that `show` leaves as it is stays shared, so that it is framed once for all followers. */
  private shown(shared: SharedEvent): SharedEvent {
    if (this.show === undefined) return shared
    const shown = this.show(shared.event)
    return shown === shared.event ? shared : new SharedEvent(shown)
  }
}
