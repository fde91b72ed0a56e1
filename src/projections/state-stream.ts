// One stream of states as server-sent events: what has changed waits by its name only, so a slow reader is told the newest.
import { Readable } from 'node:stream'
import { caughtUpFrame, errorFrame, goawayFrame } from '../wire/frames.js'
import type { LiveProjection, Watcher } from './live-projection.js'

/** What waits here for its reader at most, but for one state. */
const ROOM_BYTES = 256 * 1024

export class StateStream extends Readable implements Watcher {
  /** Keys whose states are to be told, in the order in which they changed. */
  private readonly waiting = new Set<string>()
  /** Of those that were there at the beginning, how many are still to be told; undefined before the beginning. */
  private first: number | undefined
  private isToTell = false
  private isFinished = false

  constructor(
    private readonly live: LiveProjection,
    /** All of them without it. */
    private readonly key: string | undefined,
    private readonly problemOf: (error: unknown) => object,
  ) {
    super({ highWaterMark: ROOM_BYTES })
    // The head of the answer goes out with the first bytes of its body.
    this.comment('following')
  }

  begin(): void {
    for (const key of this.key === undefined ? this.live.keys : [this.key]) this.waiting.add(key)
    this.first = this.waiting.size
    this.tell()
  }

  changed(key: string): void {
    if (this.key !== undefined && key !== this.key) return
    this.waiting.add(key)
    if (this.isToTell) return
    this.isToTell = true
    // What changes again in the same turn is told once.
    setImmediate(() => {
      this.isToTell = false
      this.tell()
    })
  }

  failed(error: unknown): void {
    this.finish('error', errorFrame(this.problemOf(error)))
  }

  ended(): void {
    this.goAway('The projection is defined in another way now, or not at all: ask for it again.')
  }

  /** The last frame says why. */
  goAway(reason: string): void {
    this.finish('goaway', goawayFrame(reason))
  }

  comment(text: string): void {
    if (this.hasRoom) this.put(`: ${text}\n\n`)
  }

  /** Called just before what makes room is taken out, and not again until something is put in. */
  override _read(): void {
    process.nextTick(() => this.tell())
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.live.unwatch(this)
    this.waiting.clear()
    done(error)
  }

  private get hasRoom(): boolean {
    return this.readableLength < ROOM_BYTES
  }

  private tell(): void {
    if (this.first === 0) this.sayCaughtUp()
    while (this.hasRoom && !this.isFinished && !this.destroyed) {
      const [key] = this.waiting
      if (key === undefined) return
      this.waiting.delete(key)
      this.put(this.live.frameOf(key))
      if (this.first !== undefined && --this.first === 0) this.sayCaughtUp()
    }
  }

  private sayCaughtUp(): void {
    this.first = undefined
    this.say('caughtUp', caughtUpFrame(this.live.position))
  }

  private finish(type: string, frame: string): void {
    if (this.isFinished) return
    this.live.unwatch(this)
    this.say(type, frame)
    this.isFinished = true
    this.push(null)
  }

  private say(type: string, frame: string): void {
    this.put(`event: ${type}\ndata: ${frame}\n\n`)
  }

  private put(bytes: string | Buffer): void {
    if (!this.isFinished && !this.destroyed) this.push(bytes)
  }
}
