// A bare TCP connection of an attacker: it writes as fast as the server takes, reads only if it is asked to, and says how it ended.
import { connect, type Socket } from 'node:net'

const STATUS_BYTES = 12

export interface SocketEnd {
  readonly status: number
  /** The code of the close frame that came, if one did. */
  readonly code: number | undefined
  readonly closedBy: 'server' | 'attacker'
}

export class RawSocket {
  private readonly socket: Socket
  private bytes = Buffer.alloc(0)
  private byAttacker = false
  private isOver = false
  private readonly ended = Promise.withResolvers<SocketEnd>()
  private readonly begun = Promise.withResolvers<void>()
  private drained = Promise.withResolvers<void>()

  /** With `reads: false` nothing is read behind the status. */
  constructor(url: string, hello: string | Uint8Array, how: { readonly reads: boolean }) {
    const { hostname, port } = new URL(url)
    this.socket = connect({ host: hostname, port: Number(port), noDelay: true })
    this.socket.on('connect', () => this.socket.write(hello))
    this.socket.on('data', (piece: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, piece])
      if (this.status === 0) return
      this.begun.resolve()
      if (!how.reads && this.status === 200) this.socket.pause()
    })
    this.socket.on('drain', () => this.wake())
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => {
      this.isOver = true
      this.begun.resolve()
      this.wake()
      this.ended.resolve({
        status: this.status,
        code: this.closeCode,
        closedBy: this.byAttacker ? 'attacker' : 'server',
      })
    })
  }

  /** 0 before there is one. */
  get status(): number {
    return this.bytes.length < STATUS_BYTES ? 0 : Number(this.bytes.toString('latin1', 9, STATUS_BYTES))
  }

  get end(): Promise<SocketEnd> {
    return this.ended.promise
  }

  /** Until the answer has begun, or the connection is over. */
  answer(): Promise<void> {
    return this.begun.promise
  }

  /** As much as the server takes, and no more than this; answers how much went out. */
  async push(total: number, piece: Uint8Array, isOver: () => boolean): Promise<number> {
    let sent = 0
    while (sent < total && !this.isOver && !isOver()) {
      sent += piece.length
      if (this.socket.write(piece)) continue
      this.drained = Promise.withResolvers()
      await this.drained.promise
    }
    return sent
  }

  cut(): void {
    this.byAttacker = !this.isOver
    this.socket.destroy()
  }

  private wake(): void {
    this.drained.resolve()
  }

  /** Frames of a server are short and not masked. */
  private get closeCode(): number | undefined {
    let at = this.bytes.indexOf('\r\n\r\n') + 4
    while (at >= 4 && at + 2 <= this.bytes.length) {
      const short = (this.bytes[at + 1] as number) & 0x7f
      const head = short === 126 ? 4 : 2
      if (this.bytes[at] === 0x88 && at + 4 <= this.bytes.length) return this.bytes.readUInt16BE(at + 2)
      at += head + (short === 126 ? this.bytes.readUInt16BE(at + 2) : short)
    }
    return undefined
  }
}
