// Makes an echo server of the real one: each message of Autobahn becomes an append, and its event the echo. Frames stay the frames they are.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { frameBytes } from '../../support/raw-stream.js'
import { FrameSplitter, type RawFrame, withPayload } from './frame-splitter.js'
import type { Spelling } from './spelling.js'

const FIRST_DATA = [1, 2]

export interface Relayed {
  readonly url: string
  readonly token: string
  readonly spelling: Spelling
  /** A defect to be found: what is sent to the judge in place of a frame of the server. */
  readonly bent?: (frame: RawFrame) => Buffer
}

export interface EchoRelay {
  readonly address: string
  /** By their type: what the server said besides echoes. */
  readonly said: Readonly<Record<string, number>>
  close(): Promise<void>
}

export async function openRelay(relayed: Relayed): Promise<EchoRelay> {
  const said: Record<string, number> = {}
  const open = new Set<Socket>()
  let connections = 0
  const server = createServer({ noDelay: true }, socket => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    new Conversation(relayed, socket, `judged/${++connections}`, said).begin()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    said,
    close: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

class Conversation {
  private readonly server: Socket
  private readonly fromJudge = new FrameSplitter()
  private readonly fromServer = new FrameSplitter()
  private opened: Buffer | undefined
  private isListening = false
  private isWithinMessage = false
  private early: Buffer[] = []

  constructor(
    private readonly relayed: Relayed,
    private readonly judge: Socket,
    private readonly stream: string,
    private readonly said: Record<string, number>,
  ) {
    const { hostname, port } = new URL(relayed.url)
    this.server = connect({ host: hostname, port: Number(port), noDelay: true, allowHalfOpen: true })
  }

  begin(): void {
    const { judge, server } = this
    let asked = Buffer.alloc(0)
    const ask = (bytes: Buffer) => {
      asked = Buffer.concat([asked, bytes])
      const end = asked.indexOf('\r\n\r\n')
      if (end < 0) return
      judge.off('data', ask).on('data', more => this.take(more))
      server.write(this.handshake(asked.toString('latin1', 0, end)))
    }
    let answered = Buffer.alloc(0)
    const hear = (bytes: Buffer) => {
      answered = Buffer.concat([answered, bytes])
      const end = answered.indexOf('\r\n\r\n')
      if (end < 0) return
      this.opened = Buffer.from(
        answered.toString('latin1', 0, end + 4).replace(/Sec-WebSocket-Protocol:[^\r]*\r\n/i, ''),
      )
      server.off('data', hear).on('data', more => this.hear(more))
      this.follow()
      this.hear(answered.subarray(end + 4))
    }
    judge.on('data', ask)
    server.on('data', hear)
    for (const [one, other] of [
      [judge, server],
      [server, judge],
    ] as const) {
      one.on('error', () => undefined)
      one.on('end', () => other.end())
      one.on('close', () => other.destroySoon())
    }
  }

  /** What the judge asked, at the address and with the rights that it knows nothing of. */
  private handshake(asked: string): string {
    const { token, spelling } = this.relayed
    const lines = asked
      .split('\r\n')
      .slice(1)
      .filter(line => !/^host:/i.test(line))
    const ours = [
      `Host: ${new URL(this.relayed.url).host}`,
      `Authorization: Bearer ${token}`,
      `Sec-WebSocket-Protocol: ${spelling.protocol}`,
    ]
    return ['GET /v1/stream HTTP/1.1', ...lines, ...ours, '', ''].join('\r\n')
  }

  private follow(): void {
    const { frame, opcode } = this.relayed.spelling
    const payload = frame({ type: 'subscribe', id: 'echoes', filter: { streams: [this.stream] }, after: 'head' })
    this.server.write(frameBytes({ opcode, payload }))
  }

  private take(bytes: Buffer): void {
    if (!this.isListening) return void this.early.push(bytes)
    for (const frame of this.fromJudge.take(bytes)) {
      for (const piece of inPieces(this.asAppend(frame), frame.pieces)) this.server.write(piece)
    }
  }

  /** What is no part of a message is handed on as it came. */
  private asAppend(frame: RawFrame): Buffer {
    const { opcode, rsv, fin, payload } = frame
    const begins = FIRST_DATA.includes(opcode) && !this.isWithinMessage
    const goesOn = opcode === 0 && this.isWithinMessage
    if (rsv !== 0 || !(begins || goesOn)) return frame.bytes
    this.isWithinMessage = !fin
    return withPayload(frame, this.relayed.spelling.append(this.stream, { payload, first: begins, last: fin }))
  }

  private hear(bytes: Buffer): void {
    const { spelling, bent = ({ bytes: same }: RawFrame) => same } = this.relayed
    for (const frame of this.fromServer.take(bytes)) {
      if (frame.opcode !== spelling.opcode) {
        this.judge.write(bent(frame))
        continue
      }
      const came = spelling.parse(frame.payload)
      if (came.type === 'subscribed') this.listen()
      else if (came.type === 'event') {
        const [echo] = new FrameSplitter().take(withPayload(frame, spelling.payloadOf(came)))
        this.judge.write(bent(echo as RawFrame))
      } else this.said[came.type] = (this.said[came.type] ?? 0) + 1
    }
  }

  private listen(): void {
    this.isListening = true
    this.judge.write(this.opened as Buffer)
    for (const bytes of this.early) this.take(bytes)
  }
}

/** What came bit by bit goes on bit by bit. */
function* inPieces(bytes: Buffer, pieces: number): Iterable<Buffer> {
  const size = Math.ceil(bytes.length / pieces)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
