// A connection that sends requests prepared as bytes and reads of their answers only how they end, so that a client costs little.
import { connect, type Socket } from 'node:net'

const HEAD_END = Buffer.from('\r\n\r\n')
/** Fastify writes the first, Node itself the second. */
const LENGTHS = [Buffer.from('content-length: '), Buffer.from('Content-Length: ')] as const
const NOTHING = Buffer.alloc(0)
const READ_BYTES = 64 * 1024
/** Of `HTTP/1.1 200`. */
const STATUS_AT = 9

export interface Answering {
  /** The whole answer has come; the next request may be sent in this call. */
  answered(connection: PreparedConnection): void
  /** It was refused, or the connection is gone. */
  failed(error: Error): void
}

export class PreparedConnection {
  /** What has come of a head that has not ended. */
  private head: Buffer = NOTHING
  /** Bytes of the body that have not come. */
  private left = 0
  private readonly socket: Socket
  private readonly connected: Promise<void>

  private constructor(
    { hostname, port }: URL,
    private readonly answering: Answering,
  ) {
    const onread = { buffer: Buffer.alloc(READ_BYTES), callback: this.take }
    this.socket = connect({ host: hostname, port: Number(port), noDelay: true, onread })
    this.connected = new Promise((resolve, reject) => {
      this.socket.once('connect', resolve).once('error', reject)
    })
    this.socket.on('error', error => answering.failed(error))
    this.socket.on('end', () => answering.failed(new Error('the server closed the connection')))
  }

  static async open(url: string, answering: Answering): Promise<PreparedConnection> {
    const connection = new PreparedConnection(new URL(url), answering)
    await connection.connected
    return connection
  }

  send(request: Buffer): void {
    this.socket.write(request)
  }

  end(): void {
    this.socket.destroy()
  }

  /** The buffer is filled anew after this call. */
  private readonly take = (bytes: number, buffer: Uint8Array): boolean => {
    if (this.left > 0) this.left -= bytes
    else if (!this.begin(Buffer.from(buffer.buffer, buffer.byteOffset, bytes))) return true
    if (this.left === 0) this.answering.answered(this)
    return true
  }

  /** Whether the head has ended. */
  private begin(bytes: Buffer): boolean {
    const all = this.head.length === 0 ? bytes : Buffer.concat([this.head, bytes])
    const end = all.indexOf(HEAD_END)
    this.head = end < 0 ? Buffer.from(all) : NOTHING
    if (end < 0) return false
    const length = lengthOf(all)
    if (all[STATUS_AT] !== 0x32 || length === undefined) {
      this.answering.failed(new Error(`refused, or without its length: ${all.toString('utf8', 0, 2_000)}`))
      return false
    }
    this.left = end + HEAD_END.length + length - all.length
    return true
  }
}

function lengthOf(head: Buffer): number | undefined {
  for (const name of LENGTHS) {
    const at = head.indexOf(name)
    if (at < 0) continue
    let length = 0
    for (let next = at + name.length; (head[next] as number) >= 0x30; next++) {
      length = length * 10 + (head[next] as number) - 0x30
    }
    return length
  }
  return undefined
}
