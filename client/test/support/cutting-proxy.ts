// A TCP proxy that breaks connections in the middle of what they carry, at places a seed decides.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Random } from '../../../test/support/random.js'

export interface Cutting {
  readonly seed: number
  /** How many bytes, both ways together, a connection carries before it is cut: at least, at most. */
  readonly bytes: readonly [number, number]
  /** After so many cuts it cuts no more. */
  readonly cuts: number
}

export class CuttingProxy {
  cuts = 0
  private readonly random: Random
  private readonly open = new Set<Socket>()
  private readonly server: Server

  private constructor(
    private port: number,
    private readonly cutting: Cutting,
  ) {
    this.random = new Random(cutting.seed)
    this.server = createServer(client => this.join(client))
  }

  /** In front of a server at an address as `http://127.0.0.1:8765`. */
  static async before(url: string, cutting: Cutting): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(Number(new URL(url).port), cutting)
    proxy.server.listen(0, '127.0.0.1')
    await once(proxy.server, 'listening')
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  get connections(): number {
    return this.open.size / 2
  }

  /** Nothing passes any more on the connections that are there, and nobody is told. */
  freeze(): void {
    for (const socket of this.open) socket.removeAllListeners('data').pause()
  }

  /** Ends all connections that are there, at once and on both sides. */
  cutAll(): void {
    for (const socket of [...this.open]) reset(socket)
  }

  /** New connections lead to another server. */
  lead(url: string): void {
    this.port = Number(new URL(url).port)
  }

  /** Resolves when nobody is connected. */
  async quiet(): Promise<void> {
    while (this.open.size > 0) await Promise.race([...this.open].map(socket => once(socket, 'close')))
  }

  async stop(): Promise<void> {
    for (const socket of this.open) socket.destroy()
    const closed = once(this.server, 'close')
    this.server.close()
    await closed
  }

  private join(client: Socket): void {
    const server = connect(this.port, '127.0.0.1')
    const [least, most] = this.cutting.bytes
    const budget = { left: this.random.between(least, most) }
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.open.add(from)
      from.setNoDelay(true)
      from.on('error', () => undefined)
      from.on('close', () => {
        this.open.delete(from)
        to.destroy()
      })
      from.on('data', bytes => this.pass(bytes, from, to, budget))
    }
  }

  private pass(bytes: Buffer, from: Socket, to: Socket, budget: { left: number }): void {
    const fits = this.cuts >= this.cutting.cuts || bytes.length <= budget.left
    if (!fits) {
      this.cut(bytes.subarray(0, budget.left), from, to)
      return
    }
    budget.left -= bytes.length
    if (to.write(bytes)) return
    from.pause()
    to.once('drain', () => from.resume())
  }

  /** The part that still fitted arrives; then one side learns of the end politely or both by a reset. */
  private cut(rest: Buffer, from: Socket, to: Socket): void {
    this.cuts++
    from.removeAllListeners('data')
    if (this.random.chance(0.5)) to.end(rest, () => from.destroy())
    else {
      to.write(rest, () => {
        reset(to)
        reset(from)
      })
    }
  }
}

/** Node loses a connection that is reset while it is being ended: its handle stays for ever. */
function reset(socket: Socket): void {
  if (socket.writableEnded || socket.destroyed) socket.destroy()
  else socket.resetAndDestroy()
}
