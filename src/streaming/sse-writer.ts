// Writes one stream of server-sent events: bounded, filled at the pace of whoever reads it, and ended by a last frame.
import { Readable } from 'node:stream'
import type { Position } from '../contract/event.js'
import { errorFrame, goawayFrame } from '../wire/frames.js'

/** What waits here for its reader at most, but for one frame. */
const ROOM_BYTES = 256 * 1024

export abstract class SseWriter extends Readable {
  private isFinished = false
  /** What is said in one turn goes on as one piece. */
  private said: Buffer[] = []
  private saidBytes = 0

  constructor(private readonly problemOf: (error: unknown) => object) {
    super({ highWaterMark: ROOM_BYTES })
    // The head of the answer goes out with the first bytes of its body.
    this.comment('following')
  }

  /** There is room again: the source may go on. */
  protected abstract refill(): void

  /** Nothing more is taken from the source. Called once or more often. */
  protected abstract release(): void

  get hasRoom(): boolean {
    return !this.isFinished && this.readableLength + this.saidBytes < ROOM_BYTES
  }

  /** Node calls it just before it takes out what makes room, and not again until something is put in. */
  override _read(): void {
    process.nextTick(() => this.refill())
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.release()
    done(error)
  }

  comment(text: string): void {
    if (this.hasRoom) this.put(`: ${text}\n\n`)
  }

  failed(error: unknown): void {
    this.finish('error', errorFrame(this.problemOf(error)))
  }

  /** The last frame says why. */
  goAway(reason: string): void {
    this.finish('goaway', goawayFrame(reason))
  }

  protected say(type: string, frame: string, id?: Position): void {
    this.put(`${id === undefined ? '' : `id: ${id}\n`}event: ${type}\ndata: ${frame}\n\n`)
  }

  protected put(bytes: string | Buffer): void {
    if (this.isFinished || this.destroyed) return
    const piece = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    if (this.said.push(piece) === 1) process.nextTick(() => this.flush())
    this.saidBytes += piece.length
  }

  private flush(): void {
    if (this.said.length === 0 || this.destroyed) return
    const whole = this.said.length === 1 ? (this.said[0] as Buffer) : Buffer.concat(this.said)
    this.said = []
    this.saidBytes = 0
    this.push(whole)
    if (this.hasRoom) this.refill()
  }

  private finish(type: string, frame: string): void {
    if (this.isFinished) return
    this.release()
    this.say(type, frame)
    // Nothing may be put behind the last frame, also not by a source that hears of the room that flushing makes.
    this.isFinished = true
    this.flush()
    this.push(null)
  }
}
