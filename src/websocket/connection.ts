// One socket: it gathers the writes of a turn, is read only within its limits, and keeps its failures to itself.
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { cutToBytes } from '../contract/utf8.js'
import { FRAME_LIMITS } from '../streaming/frame-limits.js'
import type { FrameForm } from '../wire/event-frames.js'
import { encoded } from '../wire/negotiation.js'
import type { AgentSockets } from './agent-sockets.js'
import { FrameMeter } from './frame-meter.js'

export interface Listener {
  /** Called for bytes that have come, before frames are made of them. Returns whether that may be done now. */
  arrived(meter: FrameMeter): boolean
  message(bytes: Buffer, isBinary: boolean): void
  /** There may be room in the socket again. */
  drained(): void
  /** The socket is closed, by either side. Called once or more often. */
  closed(): void
  /** Guarded work has thrown or rejected. That is a defect of the server, which must end this connection. */
  failed(error: unknown): void
}

export class Connection {
  readonly meter = new FrameMeter()
  private listener: Listener | undefined
  private corked = false
  /** Bytes that came after the close frame was sent. */
  private leftOut = 0
  private appends = 0
  private appendBytes = 0
  private isPaused = false
  private isHeld = false
  private agent: AgentSockets | undefined
  /** Bytes that have come and of which no frames have been made yet. */
  private unread: Buffer[] = []
  /** The library's own listener for the bytes of the socket; it makes frames of what it is given. */
  private reader: (chunk: Buffer) => void = ignored
  private readonly binary: boolean

  constructor(
    private readonly socket: WebSocket,
    private readonly wire: Socket,
    readonly form: FrameForm,
  ) {
    this.binary = form === 'msgpack'
    // Lets the system notice a peer that vanished without closing, even when nothing is sent to it.
    wire.setKeepAlive(true, FRAME_LIMITS.heartbeatMs)
  }

  listen(listener: Listener): void {
    const { socket, wire } = this
    this.listener = listener
    // Bytes come here first, because the library would at once make all frames that it can of them and keep the rest.
    this.reader = wire.listeners('data')[0] as (chunk: Buffer) => void
    wire.removeAllListeners('data')
    wire.on(
      'data',
      this.guarded((chunk: Buffer) => this.arrived(chunk, listener)),
    )
    // When a socket breaks, the library reads what is left in it past `unread`, so frames would come out of order. The
    // listener is closed before that and ignores them.
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
    // A pong is a write like any other: a client that does not read its pongs must not be read any further.
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

  /** Wraps work so that what it throws or rejects with ends this connection and reaches no other. */
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
   * A client may still answer the close frame, so a little is read after it and dropped. No more than that is read,
   * because taking in a flood costs as much as handling it. The deadline of the close then ends the socket.
   */
  private leave(bytes: number): void {
    this.leftOut += bytes
    if (this.leftOut > FRAME_LIMITS.strangerBytes) this.wire.pause()
  }

  get unreadBytes(): number {
    return this.unread.reduce((sum, { length }) => sum + length, 0)
  }

  /** Makes frames of the next unread piece. Returns false when there is none. */
  readOn(): boolean {
    const chunk = this.isOpen ? this.unread.shift() : undefined
    if (chunk === undefined) return false
    this.reader.call(this.wire, chunk)
    return true
  }

  /** From now on the agent's appends on other connections may pause the reading of this one, too. */
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
    // A failed send needs no handling here, because the event `close` follows it.
    this.socket.send(frame, { binary: this.binary }, ignored)
  }

  /** Holds back the writes of this turn until its end, so that they go out together. */
  private gather(): void {
    if (this.corked) return
    this.corked = true
    this.wire.cork()
    process.nextTick(() => {
      this.corked = false
      this.wire.uncork()
    })
  }

  /** Counts an append in flight. Beyond a limit the socket is not read until some are answered. */
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

  /** While held, the socket is not read, because what has come must be handled first. */
  hold(isHeld: boolean): void {
    this.isHeld = isHeld
    this.considerReading()
  }

  /** From now on nothing that comes is handled or kept. The wire is resumed, or the client's end would go unnoticed. */
  close(code: number, reason: string): void {
    if (!this.isOpen) return
    this.socket.close(code, cutToBytes(reason, FRAME_LIMITS.closeReasonBytes))
    this.unread = []
    this.wire.end()
    this.wire.resume()
  }

  /** Ends the socket without a close frame. */
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
