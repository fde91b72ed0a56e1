// One socket: writes at once what is sent in one turn, knows when it is full, is read no further than it may hold, and keeps whatever goes wrong in it to itself.
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { cutToBytes } from '../contract/utf8.js'
import { encoded } from '../wire/answer.js'
import type { FrameForm } from '../wire/event-frames.js'
import type { AgentSockets } from './agent-sockets.js'
import { FRAME_LIMITS } from './frame-limits.js'
import { FrameMeter } from './frame-meter.js'
import type { ServerFrame } from './frames.dto.js'

/** Who is told what happens on a socket. */
export interface Listener {
  /** More bytes have come, and nothing has been made of them yet. */
  arrived(meter: FrameMeter): void
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
  private appends = 0
  private appendBytes = 0
  private isPaused = false
  private isHeld = false
  private agent: AgentSockets | undefined
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
    const { socket, wire, meter } = this
    this.listener = listener
    // Ahead of the library, which keeps what is not whole.
    wire.prependListener(
      'data',
      this.guarded((chunk: Buffer) => {
        if (!this.isOpen) return
        meter.take(chunk)
        listener.arrived(meter)
      }),
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
      this.guarded(() => this.considerReading()),
    )
    socket.on(
      'message',
      this.guarded((bytes: Buffer, isBinary: boolean) => listener.message(bytes, isBinary)),
    )
    socket.once(
      'close',
      this.guarded(() => {
        this.agent?.leave(this)
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
    this.wire.removeAllListeners('data')
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
