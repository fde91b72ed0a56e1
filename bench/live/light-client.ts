// A WebSocket client that costs little: it writes texts with a mask of zeros and looks at the heads of what comes.
import { connect, type Socket } from 'node:net'

export class LightClient {
  /** Frames that have come, of whatever type. */
  frames = 0
  onFrame: ((payload: Buffer) => void) | undefined
  private rest: Buffer = Buffer.alloc(0)
  private wanted = Number.POSITIVE_INFINITY
  private reached: (() => void) | undefined

  private constructor(readonly socket: Socket) {}

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<LightClient> {
    const { hostname, port, host } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    const fields = {
      Host: host,
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    }
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`GET /v1/stream HTTP/1.1\r\n${lines.join('')}\r\n`)
    const client = new LightClient(socket)
    await client.handshake()
    return client
  }

  private handshake(): Promise<void> {
    const { socket } = this
    return new Promise<void>((resolve, reject) => {
      let head = Buffer.alloc(0)
      socket.once('error', reject)
      socket.on('data', function first(bytes: Buffer) {
        head = Buffer.concat([head, bytes])
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        socket.off('data', first)
        if (!head.toString('latin1', 9, 12).startsWith('101')) reject(new Error(head.toString()))
        resolve()
        // What came with the handshake comes again, once somebody listens.
        if (head.length > end + 4) socket.unshift(head.subarray(end + 4))
      })
    }).then(() => {
      socket.on('data', bytes => this.take(bytes))
    })
  }

  /** A text as text, bytes as binary. */
  send(payload: string | Buffer): void {
    this.socket.write(maskedFrame(payload))
  }

  /** Resolves when so many more frames have come. */
  more(frames: number): Promise<void> {
    return new Promise(resolve => {
      this.wanted = this.frames + frames
      this.reached = resolve
    })
  }

  end(): void {
    this.socket.destroy()
  }

  private take(bytes: Buffer): void {
    let data = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes])
    for (;;) {
      if (data.length < 2) break
      const short = (data[1] as number) & 0x7f
      const head = short === 126 ? 4 : short === 127 ? 10 : 2
      if (data.length < head) break
      const length = short === 126 ? data.readUInt16BE(2) : short === 127 ? Number(data.readBigUInt64BE(2)) : short
      if (data.length < head + length) break
      this.onFrame?.(data.subarray(head, head + length))
      data = data.subarray(head + length)
      if (++this.frames === this.wanted) this.reached?.()
    }
    this.rest = data
  }
}

function maskedFrame(payload: string | Buffer): Buffer {
  const body = Buffer.from(payload as string)
  const { length } = body
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const bytes = Buffer.alloc(head + 4 + length)
  bytes[0] = typeof payload === 'string' ? 0x81 : 0x82
  bytes[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (head === 4) bytes.writeUInt16BE(length, 2)
  else if (head === 10) bytes.writeBigUInt64BE(BigInt(length), 2)
  bytes.set(body, head + 4)
  return bytes
}
