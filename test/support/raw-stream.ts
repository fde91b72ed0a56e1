// A socket that speaks WebSocket as badly as a test wants: bytes go out as they are, and what comes back is read by hand.
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface FrameParts {
  readonly opcode: number
  readonly payload?: Uint8Array | string
  readonly fin?: boolean
  readonly rsv?: number
  readonly masked?: boolean
  /** Announced instead of the true one. */
  readonly length?: bigint
}

export function frameBytes({ opcode, payload = '', fin = true, rsv = 0, masked = true, length }: FrameParts): Buffer {
  const body = Buffer.from(payload as string)
  const said = length ?? BigInt(body.length)
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode]
  const mask = masked ? 0x80 : 0
  const wide = Buffer.alloc(8)
  wide.writeBigUInt64BE(said)
  if (said < 126n) head.push(mask | Number(said))
  else if (said < 65_536n) head.push(mask | 126, ...wide.subarray(6))
  else head.push(mask | 127, ...wide)
  if (!masked) return Buffer.concat([Buffer.from(head), body])
  const key = randomBytes(4)
  for (let i = 0; i < body.length; i++) body[i] = (body[i] as number) ^ (key[i % 4] as number)
  return Buffer.concat([Buffer.from(head), key, body])
}

export const text = (payload: Uint8Array | string) => frameBytes({ opcode: OPCODE.text, payload })
export const binary = (payload: Uint8Array) => frameBytes({ opcode: OPCODE.binary, payload })

/** How it went: the status of the handshake, the code of the close frame, the texts that came. */
export interface Outcome {
  readonly status: number | undefined
  readonly code: number | undefined
  readonly texts: readonly string[]
}

export interface Handshake {
  readonly headers: Readonly<Record<string, string>>
  readonly method?: string
  readonly path?: string
}

export function handshakeBytes({ headers, method = 'GET', path = '/v1/stream' }: Handshake): Buffer {
  const all = {
    Host: 'lighthouse',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
}

export class RawStream {
  private bytes = Buffer.alloc(0)
  private status: number | undefined
  private code: number | undefined
  private readonly texts: string[] = []
  private isOver = false
  private wake: (() => void)[] = []

  private constructor(private readonly socket: Socket) {
    socket.on('data', (bytes: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, bytes])
      this.take()
      this.wakeAll()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.isOver = true
      this.wakeAll()
    })
  }

  static async open(url: string, handshake: Uint8Array, localAddress = '127.0.0.1'): Promise<RawStream> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), localAddress, noDelay: true })
    await new Promise<void>((open, failed) => socket.once('connect', open).once('error', failed))
    socket.write(handshake)
    return new RawStream(socket)
  }

  write(...frames: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames))
  }

  cut(): void {
    this.socket.destroy()
  }

  /** When the server has closed, or has said what is waited for; the rest of the patience is the test's own. */
  async outcome(enough: (outcome: Outcome) => boolean): Promise<Outcome> {
    for (;;) {
      const { status, code, texts } = this
      const outcome = { status, code, texts }
      if (this.isOver || enough(outcome)) return outcome
      await new Promise<void>(resolve => this.wake.push(resolve))
    }
  }

  private take(): void {
    if (this.status === undefined) {
      const end = this.bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      this.status = Number(this.bytes.toString('latin1', 9, 12))
      this.bytes = this.bytes.subarray(end + 4)
    }
    if (this.status !== 101) return
    for (let frame = this.frame(); frame !== undefined; frame = this.frame()) {
      if (frame.opcode === OPCODE.close) this.code = frame.payload.length < 2 ? 1005 : frame.payload.readUInt16BE(0)
      else if (frame.opcode === OPCODE.text) this.texts.push(frame.payload.toString())
      else if (frame.opcode === OPCODE.binary) this.texts.push(frame.payload.toString('latin1'))
    }
  }

  private frame(): { readonly opcode: number; readonly payload: Buffer } | undefined {
    const { bytes } = this
    if (bytes.length < 2) return undefined
    const short = (bytes[1] as number) & 0x7f
    const head = short === 126 ? 4 : short === 127 ? 10 : 2
    if (bytes.length < head) return undefined
    const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
    if (bytes.length < head + length) return undefined
    this.bytes = bytes.subarray(head + length)
    return { opcode: (bytes[0] as number) & 0x0f, payload: bytes.subarray(head, head + length) }
  }

  private wakeAll(): void {
    const { wake } = this
    this.wake = []
    for (const one of wake) one()
  }
}
