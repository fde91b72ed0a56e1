// One socket: writes at once what is sent in one turn, knows when it is full, is read no further than it may hold, and keeps whatever goes wrong in it to itself.
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { cutToBytes } from '../contract/utf8.js'
import { FRAME_LIMITS } from '../streaming/frame-limits.js'
import type { FrameForm } from '../wire/event-frames.js'
import { encoded } from '../wire/negotiation.js'
import type { AgentSockets } from './agent-sockets.js'
import { FrameMeter } from './frame-meter.js'

/** Who is told what happens on a socket. */
export interface Listener {
  /** More bytes have come, and nothing has been made of them yet. Answers whether frames may be made of them now. */
  arrived(meter: FrameMeter): boolean
  message(bytes: Buffer, isBinary: boolean): void
  /** There may be room in the socket again. */
  drained(): void
  /** The socket is closed, by whomever. */
  closed(): void
  /** What was told, or was begun by it, has failed: a defect, which ends this connection. */
  failed(error: unknown): void
}

export class Connection {
  readonly meter = new FrameMeter()
  private listener: Listener | undefined
  private corked = false
  /** Bytes that came behind the close frame. */
  private leftOut = 0
  private appends = 0
  private appendBytes = 0
  private isPaused = false
  private isHeld = false
  private agent: AgentSockets | undefined
  /** What frames are still to be made of. */
  private unread: Buffer[] = []
  /** The library's own reader of the socket. */
  private reader: (chunk: Buffer) => void = ignored
  private readonly binary: boolean

  constructor(
    private readonly socket: WebSocket,
    private readonly wire: Socket,
    readonly form: FrameForm,
  ) {
    this.binary = form === 'msgpack'
    // A peer that is gone without a word is noticed by the system, however long it has nothing to say.
    wire.setKeepAlive(true, FRAME_LIMITS.heartbeatMs)
  }

  listen(listener: Listener): void {
    const { socket, wire } = this
    this.listener = listener
    // Bytes come here first, since the library makes all the frames it can of what it is given, and keeps the rest.
    this.reader = wire.listeners('data')[0] as (chunk: Buffer) => void
    wire.removeAllListeners('data')
    wire.on(
      'data',
      this.guarded((chunk: Buffer) => this.arrived(chunk, listener)),
    )
    // What is left in a socket that broke goes to the library by itself, past what is unread: nobody listens to it.
    wire.prependListener(
      'close',
      this.guarded(() => listener.closed()),
    )
    wire.on(
      'drain',
      this.guarded(() => {
        this.considerReading()
        listener.drained()
      }),
    )
    // The answer to a ping waits for the reader like every other.
    socket.on(
      'ping',
      this.guarded(() => {
        this.gather()
        this.considerReading()
      }),
    )
    socket.on(
      'message',
      this.guarded((bytes: Buffer, isBinary: boolean) => listener.message(bytes, isBinary)),
    )
    socket.once(
      'close',
      this.guarded(() => {
        this.agent?.leave(this)
        this.unread = []
        listener.closed()
      }),
    )
  }

  /** The same work, which now can harm no other connection: what it throws, and what it promises and does not keep, ends this one. */
  guarded<A extends readonly unknown[]>(work: (...args: A) => void | Promise<void>): (...args: A) => void {
    return (...args) => {
      try {
        const promised = work(...args)
        if (promised instanceof Promise) promised.catch(this.broke)
      } catch (error) {
        this.broke(error)
      }
    }
  }

  private readonly broke = (error: unknown): void => {
    try {
      this.listener?.failed(error)
    } catch {
      this.cut()
    }
  }

  private arrived(chunk: Buffer, listener: Listener): void {
    if (!this.isOpen) {
      this.leave(chunk.length)
      return
    }
    this.meter.take(chunk)
    const mayRead = listener.arrived(this.meter) && this.unread.length === 0
    if (!this.isOpen) return
    if (mayRead) this.reader.call(this.wire, chunk)
    else this.unread.push(chunk)
  }

  /**
   * Behind the close frame a client may still answer it, and what it had on its way is read that far and no further: to
   * take in a flood costs as much as to handle it. The deadline of the close ends the socket.
   */
  private leave(bytes: number): void {
    this.leftOut += bytes
    if (this.leftOut > FRAME_LIMITS.strangerBytes) this.wire.pause()
  }

  get unreadBytes(): number {
    return this.unread.reduce((sum, { length }) => sum + length, 0)
  }

  /** Makes frames of the next piece that waits; false when there is none. */
  readOn(): boolean {
    const chunk = this.isOpen ? this.unread.shift() : undefined
    if (chunk === undefined) return false
    this.reader.call(this.wire, chunk)
    return true
  }

  /** From now on it is one of this agent's. */
  belongsTo(agent: AgentSockets): void {
    this.agent = agent
    agent.join(this)
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN
  }

  get hasRoom(): boolean {
    return this.wire.writableLength < FRAME_LIMITS.roomBytes
  }

  send(frame: object): void {
    this.write(encoded(frame, this.form))
    this.considerReading()
  }

  write(frame: string | Buffer): void {
    if (!this.isOpen) return
    this.gather()
    // What cannot be sent any more ends in the event `close`, which says all there is to say.
    this.socket.send(frame, { binary: this.binary }, ignored)
  }

  /** What is written in this turn goes out at its end, at once. */
  private gather(): void {
    if (this.corked) return
    this.corked = true
    this.wire.cork()
    process.nextTick(() => {
      this.corked = false
      this.wire.uncork()
    })
  }

  /** An append is in hand: beyond a limit the socket is not read until some are answered. */
  begun(bytes: number): void {
    this.appends++
    this.appendBytes += bytes
    this.agent?.begun(bytes)
    this.considerReading()
  }

  settled(bytes: number): void {
    this.appends--
    this.appendBytes -= bytes
    this.agent?.settled(bytes)
    this.considerReading()
  }

  get appendsInFlight(): number {
    return this.appends
  }

  /** What has come is enough for now: it is not read any further until it has been handled. */
  hold(isHeld: boolean): void {
    this.isHeld = isHeld
    this.considerReading()
  }

  /** Nothing that comes from now on is looked at or kept, and the client is not waited for longer than it takes to hear of it. */
  close(code: number, reason: string): void {
    if (!this.isOpen) return
    this.socket.close(code, cutToBytes(reason, FRAME_LIMITS.closeReasonBytes))
    this.unread = []
    this.wire.end()
    this.wire.resume()
  }

  /** Without the ceremony. */
  cut(): void {
    this.socket.terminate()
  }

  considerReading(): void {
    if (!this.isOpen) return
    const mayRead =
      !this.isHeld &&
      this.appends < FRAME_LIMITS.appendsInFlight &&
      this.appendBytes < FRAME_LIMITS.appendBytesInFlight &&
      this.agent?.mayAppendMore !== false &&
      this.wire.writableLength < FRAME_LIMITS.answerBytes
    if (mayRead !== this.isPaused) return
    this.isPaused = !mayRead
    if (mayRead) this.socket.resume()
    else this.socket.pause()
  }
}

function ignored(): void {}
