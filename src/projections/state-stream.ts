// One stream of states as server-sent events; changed keys wait by name only, so a slow reader gets the newest state.
import { SseWriter } from '../streaming/sse-writer.js'
import { caughtUpFrame } from '../wire/frames.js'
import type { LiveProjection, Watcher } from './live-projection.js'

export class StateStream extends SseWriter implements Watcher {
  /** Keys whose states are still to be sent, in the order in which they changed. */
  private readonly waiting = new Set<string>()
  /** How many of the first states are still to be sent; undefined before `begin` and after `caughtUp`. */
  private first: number | undefined
  private isToTell = false

  constructor(
    private readonly live: LiveProjection,
    /** undefined follows all keys. */
    private readonly key: string | undefined,
    problemOf: (error: unknown) => object,
  ) {
    super(problemOf)
  }

  begin(): void {
    for (const key of this.key === undefined ? this.live.keys : [this.key]) this.waiting.add(key)
    this.first = this.waiting.size
    this.refill()
  }

  changed(key: string): void {
    if (this.key !== undefined && key !== this.key) return
    this.waiting.add(key)
    if (this.isToTell) return
    this.isToTell = true
    // Sending waits for the turn to end, so that a key that changes again in it is sent once.
    setImmediate(() => {
      this.isToTell = false
      this.refill()
    })
  }

  ended(): void {
    this.goAway('The projection is defined in another way now, or not at all: ask for it again.')
  }

  protected refill(): void {
    if (this.first === 0) this.sayCaughtUp()
    while (this.hasRoom) {
      const [key] = this.waiting
      if (key === undefined) return
      this.waiting.delete(key)
      this.put(this.live.frameOf(key))
      if (this.first !== undefined && --this.first === 0) this.sayCaughtUp()
    }
  }

  protected release(): void {
    this.live.unwatch(this)
    this.waiting.clear()
  }

  private sayCaughtUp(): void {
    this.first = undefined
    this.say('caughtUp', caughtUpFrame(this.live.position))
  }
}
