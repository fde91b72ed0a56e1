// Writes one stream of server-sent events within bounded memory, at the reader's pace, and ends it with a last frame.
import { Readable } from 'node:stream'
import type { Position } from '../contract/event.js'
import { errorFrame, goawayFrame, modeFrame, type ToldMode } from '../wire/frames.js'

/** At so many bytes that wait for the reader the source must stop, so one frame may exceed them. */
const ROOM_BYTES = 256 * 1024

export abstract class SseWriter extends Readable {
  private isFinished = false
  /** What is written in one turn is pushed as one piece at its end. */
  private said: Buffer[] = []
  private saidBytes = 0

  constructor(private readonly problemOf: (error: unknown) => object) {
    super({ highWaterMark: ROOM_BYTES })
    // The headers are sent with the first bytes of the body, and the reader must not have to wait for an event.
    this.comment('following')
  }

  /** Called when there may be room again: the source goes on. */
  protected abstract refill(): void

  /** Called when nothing more is taken from the source, once or more often. */
  protected abstract release(): void

  get hasRoom(): boolean {
    return !this.isFinished && this.readableLength + this.saidBytes < ROOM_BYTES
  }

  /** Deferred, because Node calls this just before it takes out what makes room, and not again until a push. */
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

  /** For readers that listen to `mode`; others never hear of it. */
  tellMode(mode: ToldMode): void {
    if (this.hasRoom) this.say('mode', modeFrame(mode))
  }

  failed(error: unknown): void {
    this.finish('error', errorFrame(this.problemOf(error)))
  }

  /** Ends the stream; its last frame gives the reason. */
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
    // Set before the flush, which may refill from the source, because nothing may follow the last frame.
    this.isFinished = true
    this.flush()
    this.push(null)
  }
}
