// A front of a server that passes plain requests on and has its own mind about sockets, as proxies and older servers have.
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'

/** What becomes of a request for a socket. */
export type Socketing =
  /** It is answered with 403, as by a proxy that passes no upgrades. */
  | 'refused'
  /** Nobody ever answers it. */
  | 'held'
  /** A server takes it that says `welcome` as earlier versions did, and then what `onFrame` says. */
  | { readonly welcome: object; readonly onFrame?: (frame: { readonly type: string }, socket: WebSocket) => void }

export class Front {
  upgrades = 0
  /** Plain appends that were passed on. */
  appends = 0
  /** Frames `append` that came over sockets. */
  frames = 0
  private readonly sockets = new WebSocketServer({ noServer: true })
  private readonly held = new Set<Duplex>()

  private constructor(
    private readonly server: Server,
    private readonly behind: string,
    private readonly socketing: Socketing,
  ) {
    server.on('request', (asked, answer) => {
      if (asked.method === 'POST') this.appends++
      const passed = request(`${this.behind}${asked.url}`, { method: asked.method, headers: asked.headers }, came => {
        answer.writeHead(came.statusCode ?? 502, came.headers)
        came.pipe(answer)
      })
      asked.pipe(passed)
    })
    server.on('upgrade', (asked, socket, head) => {
      this.upgrades++
      if (this.socketing === 'held') this.held.add(socket)
      else if (this.socketing === 'refused') socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
      else this.sockets.handleUpgrade(asked, socket, head, open => this.open(open))
    })
  }

  static async before(url: string, socketing: Socketing): Promise<Front> {
    const server = createServer({ keepAliveTimeout: 1_000 })
    const front = new Front(server, url, socketing)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return front
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    for (const socket of this.held) socket.destroy()
    for (const open of this.sockets.clients) open.terminate()
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  private open(socket: WebSocket): void {
    if (typeof this.socketing === 'string') return
    const { welcome, onFrame } = this.socketing
    socket.on('error', () => undefined)
    socket.on('message', (data: RawData) => {
      const frame = JSON.parse(String(data)) as { readonly type: string }
      if (frame.type === 'append') this.frames++
      if (frame.type === 'auth') socket.send(JSON.stringify({ type: 'welcome', ...welcome }))
      else onFrame?.(frame, socket)
    })
  }
}
