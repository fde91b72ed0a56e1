// One stream of server-sent events: the sink of a follower, bounded, filled at the pace of whoever reads it.
import { Readable } from 'node:stream'
import type { Position } from '../contract/event.js'
import type { Follower, Sink } from '../following/follower.js'
import { SharedEvent } from '../following/recent-events.js'
import type { Show } from '../upcasting/upcaster.js'
import { sseEnvelope } from '../wire/event-frames.js'
import { caughtUpFrame, checkpointFrame, errorFrame, fellBehindFrame, goawayFrame } from '../wire/frames.js'

/** What is said to the reader of any stream, whatever else it is told. */
export interface OpenStream extends Readable {
  comment(text: string): void
  failed(error: unknown): void
  goAway(reason: string): void
}

/** What waits here for its reader at most, but for one event. */
const ROOM_BYTES = 256 * 1024

export class EventStream extends Readable implements OpenStream, Sink {
  private follower: Follower | undefined
  private isFinished = false
  /** What is said in one turn goes on as one piece. */
  private said: Buffer[] = []
  private saidBytes = 0

  /** Without `show` events are sent as they are stored. */
  constructor(
    private readonly problemOf: (error: unknown) => object,
    private readonly show: Show | undefined,
  ) {
    super({ highWaterMark: ROOM_BYTES })
    // The head of the answer goes out with the first bytes of its body.
    this.comment('following')
  }

  begin(follow: (sink: Sink) => Follower): void {
    this.follower = follow(this)
  }

  get hasRoom(): boolean {
    return this.readableLength + this.saidBytes < ROOM_BYTES
  }

  /** Called just before what makes room is taken out, and not again until something is put in. */
  override _read(): void {
    process.nextTick(() => this.follower?.resume())
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.follower?.end()
    done(error)
  }

  event(event: SharedEvent): void {
    this.put(this.shown(event).frame(sseEnvelope))
  }

  /** What is shown as it is stored is framed once for all. */
  private shown(shared: SharedEvent): SharedEvent {
    if (this.show === undefined) return shared
    const shown = this.show(shared.event)
    return shown === shared.event ? shared : new SharedEvent(shown)
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

  failed(error: unknown): void {
    this.say('error', errorFrame(this.problemOf(error)))
    this.finish()
  }

  /** The last frame says why. */
  goAway(reason: string): void {
    this.say('goaway', goawayFrame(reason))
    this.finish()
  }

  comment(text: string): void {
    if (this.hasRoom) this.put(`: ${text}\n\n`)
  }

  private say(type: string, frame: string, id?: Position): void {
    this.put(`${id === undefined ? '' : `id: ${id}\n`}event: ${type}\ndata: ${frame}\n\n`)
  }

  private put(bytes: string | Buffer): void {
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
    if (this.hasRoom) this.follower?.resume()
  }

  private finish(): void {
    if (this.isFinished) return
    this.follower?.end()
    this.flush()
    this.isFinished = true
    this.push(null)
  }
}
