// A client of the stream: says frames, keeps every frame it hears, and waits for the one a test asks for.
import { once } from 'node:events'
import { Unpackr } from 'msgpackr'
import { type ClientOptions, WebSocket } from 'ws'
import { encodeMessagePack } from '../../src/record/codec/writer.js'

// biome-ignore lint/suspicious/noExplicitAny: what a frame holds is what a test is about to find out.
export type Heard = any

const UNPACKR = new Unpackr({ mapsAsObjects: true, int64AsType: 'number' })

export interface StreamOptions {
  readonly authorization?: string
  readonly protocol?: string | readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly path?: string
}

export class StreamClient {
  readonly heard: Heard[] = []
  /** The code the connection was closed with. */
  code: number | undefined
  reason = ''
  private wake: (() => void)[] = []
  private read = 0

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (bytes: Buffer, isBinary) => {
      this.heard.push(isBinary ? UNPACKR.unpack(bytes) : JSON.parse(bytes.toString()))
      this.wakeAll()
    })
    socket.on('error', () => undefined)
    socket.on('close', (code, reason) => {
      this.code = code
      this.reason = reason.toString()
      this.wakeAll()
    })
  }

  /** `url` is the server's own, with http. Resolves when the connection is open. */
  static async open(url: string, options: StreamOptions = {}): Promise<StreamClient> {
    const client = new StreamClient(socketTo(url, options))
    await new Promise<void>((open, failed) => client.socket.once('open', open).once('error', failed))
    return client
  }

  send(...frames: object[]): void {
    for (const frame of frames) {
      this.socket.send(
        this.socket.protocol === 'lighthouse.v1.msgpack' ? encodeMessagePack(frame) : JSON.stringify(frame),
      )
    }
  }

  /** The first frame that was not looked at before and is of this type, and of this id when one is given. */
  async next(type: string, id?: string): Promise<Heard> {
    for (;;) {
      while (this.read < this.heard.length) {
        const frame = this.heard[this.read++]
        if (frame.type === type && (id === undefined || frame.id === id)) return frame
      }
      if (this.code !== undefined) {
        throw new Error(
          `closed with ${this.code} (${this.reason}) before ${type}; heard ${JSON.stringify(this.heard.slice(-3))}`,
        )
      }
      await this.more()
    }
  }

  /** Waits until so many frames of the type have been heard, of this id when one is given, and answers them. */
  async all(type: string, count: number, id?: string): Promise<Heard[]> {
    for (;;) {
      const found = this.heard.filter(frame => frame.type === type && (id === undefined || frame.id === id))
      if (found.length >= count) return found
      if (this.code !== undefined)
        throw new Error(`closed with ${this.code} (${this.reason}) after ${found.length} ${type}`)
      await this.more()
    }
  }

  async closed(): Promise<number> {
    while (this.code === undefined) await this.more()
    return this.code
  }

  async close(): Promise<void> {
    if (this.code !== undefined) return
    const closed = once(this.socket, 'close')
    this.socket.close()
    await closed
  }

  /** Until something more is heard, or the connection is closed. */
  more(): Promise<void> {
    return new Promise(resolve => this.wake.push(resolve))
  }

  private wakeAll(): void {
    const { wake } = this
    this.wake = []
    for (const one of wake) one()
  }
}

export function socketTo(
  url: string,
  { authorization, protocol = [], headers, path = '/v1/stream' }: StreamOptions,
): WebSocket {
  const options: ClientOptions = {
    headers: { ...(authorization === undefined ? undefined : { authorization }), ...headers },
    perMessageDeflate: false,
  }
  return new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, protocol as string[], options)
}
