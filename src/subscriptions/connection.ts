// One socket: writes at once what is sent in one turn, knows when it is full, and is read no further than it may hold.
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { encoded } from '../wire/answer.js'
import type { FrameForm } from '../wire/event-frames.js'
import { FRAME_LIMITS } from './frame-limits.js'
import type { ServerFrame } from './frames.dto.js'

export class Connection {
  private corked = false
  private appends = 0
  private appendBytes = 0
  private isPaused = false
  private readonly binary: boolean

  constructor(
    private readonly socket: WebSocket,
    private readonly wire: Socket,
    readonly form: FrameForm,
  ) {
    this.binary = form === 'msgpack'
    // A peer that is gone without a word is noticed by the system, however long it has nothing to say.
    wire.setKeepAlive(true, FRAME_LIMITS.heartbeatMs)
    wire.on('drain', () => this.considerReading())
    // The answer to a ping waits for the reader like every other.
    socket.on('ping', () => this.considerReading())
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN
  }

  get hasRoom(): boolean {
    return this.wire.writableLength < FRAME_LIMITS.roomBytes
  }

  onDrain(listener: () => void): void {
    this.wire.on('drain', listener)
  }

  send(frame: ServerFrame): void {
    this.write(encoded(frame, this.form))
    this.considerReading()
  }

  write(frame: string | Buffer): void {
    if (!this.isOpen) return
    if (!this.corked) {
      this.corked = true
      this.wire.cork()
      process.nextTick(() => {
        this.corked = false
        this.wire.uncork()
      })
    }
    // What cannot be sent any more ends in the event `close`, which says all there is to say.
    this.socket.send(frame, { binary: this.binary }, ignored)
  }

  /** An append is in hand: beyond a limit the socket is not read until some are answered. */
  begun(bytes: number): void {
    this.appends++
    this.appendBytes += bytes
    this.considerReading()
  }

  settled(bytes: number): void {
    this.appends--
    this.appendBytes -= bytes
    this.considerReading()
  }

  get appendsInFlight(): number {
    return this.appends
  }

  close(code: number, reason: string): void {
    if (this.isPaused) this.socket.resume()
    this.isPaused = false
    // 123 bytes are what a close frame has room for.
    this.socket.close(code, reason.slice(0, 120))
  }

  /** Without the ceremony. */
  cut(): void {
    this.socket.terminate()
  }

  private considerReading(): void {
    if (!this.isOpen) return
    const mayRead =
      this.appends < FRAME_LIMITS.appendsInFlight &&
      this.appendBytes < FRAME_LIMITS.appendBytesInFlight &&
      this.wire.writableLength < FRAME_LIMITS.answerBytes
    if (mayRead !== this.isPaused) return
    this.isPaused = !mayRead
    if (mayRead) this.socket.resume()
    else this.socket.pause()
  }
}

function ignored(): void {}
