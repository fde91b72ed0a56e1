// Load over HTTP: so many connections, each with its next request when the last one is answered. Bare sockets, so that the client costs little.
import { connect, type Socket } from 'node:net'
import { percentiles } from '../engine/figures.js'

interface Asked {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
}

export interface Load extends Asked {
  readonly connections: number
  readonly seconds: number
  /** Sent by turns. */
  readonly bodies?: readonly (string | Buffer)[]
}

export interface LoadResult {
  readonly perSecond: number
  readonly bytesPerSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly p999: number
}

const HEAD_END = Buffer.from('\r\n\r\n')

/** Fails at the first answer that is not 2xx: a figure of refusals is worth nothing. */
export async function load(shape: Load): Promise<LoadResult> {
  const requests = (shape.bodies ?? ['']).map(body => requestOf(shape, body))
  const latencies: number[] = []
  let bytes = 0
  const begun = performance.now()
  const until = begun + shape.seconds * 1000
  const { hostname, port } = new URL(shape.url)
  const one = async (number: number): Promise<void> => {
    const client = await Client.to(hostname, Number(port))
    for (let turn = number, now = performance.now(); now < until; turn++) {
      bytes += await client.ask(requests[turn % requests.length] as Buffer)
      const answered = performance.now()
      latencies.push(answered - now)
      now = answered
    }
    client.end()
  }
  await Promise.all(Array.from({ length: shape.connections }, (_, number) => one(number)))
  const seconds = (performance.now() - begun) / 1000
  const { p50, p95, p99, p999 } = percentiles(latencies)
  return { perSecond: latencies.length / seconds, bytesPerSecond: bytes / seconds, p50, p95, p99, p999 }
}

/** The bytes of a request. */
export function requestOf({ url, method = 'GET', headers = {} }: Asked, body: string | Buffer): Buffer {
  const { host, pathname, search } = new URL(url)
  const bytes = Buffer.from(body)
  const fields = { host, ...headers, ...(method === 'GET' ? {} : { 'content-length': String(bytes.length) }) }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`${method} ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`), bytes])
}

/** One connection that asks one thing at a time and reads answers that say their length. */
export class Client {
  private parts: Buffer[] = []
  private length = 0
  private awaited: number | undefined
  private answered: ((bytes: number) => void) | undefined
  private failed: ((error: Error) => void) | undefined

  private constructor(private readonly socket: Socket) {
    socket.on('data', chunk => this.take(chunk))
    socket.on('error', error => this.failed?.(error))
    socket.on('close', () => this.failed?.(new Error('the server closed the connection')))
  }

  static async to(host: string, port: number): Promise<Client> {
    const socket = connect({ host, port, noDelay: true })
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new Client(socket)
  }

  /** Resolves with the bytes of the answer. */
  ask(request: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      this.answered = resolve
      this.failed = reject
      this.socket.write(request)
    })
  }

  end(): void {
    this.failed = undefined
    this.socket.destroy()
  }

  private take(chunk: Buffer): void {
    this.parts.push(chunk)
    this.length += chunk.length
    this.awaited ??= this.lengthOfAnswer()
    if (this.awaited === undefined || this.length < this.awaited) return
    const { length } = this
    this.parts = []
    this.length = 0
    this.awaited = undefined
    this.answered?.(length)
  }

  private lengthOfAnswer(): number | undefined {
    const all = this.parts.length === 1 ? (this.parts[0] as Buffer) : Buffer.concat(this.parts)
    const end = all.indexOf(HEAD_END)
    if (end < 0) return undefined
    const head = all.toString('latin1', 0, end)
    if (!head.startsWith('HTTP/1.1 2')) this.failed?.(new Error(`refused: ${all.toString('utf8', 0, 2000)}`))
    const body = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
    if (body === undefined) this.failed?.(new Error(`an answer without its length: ${head}`))
    return end + HEAD_END.length + Number(body)
  }
}
