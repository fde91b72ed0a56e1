// The WebSocket server under Nest: answers each refused upgrade with a problem and leaves messages to the gateway.
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { INestApplication } from '@nestjs/common'
import { WsAdapter } from '@nestjs/platform-ws'
import type { WebSocket, WebSocketServer } from 'ws'
import { StoreError } from '../contract/errors.js'
import { Handshakes, Refusal } from '../websocket/handshake.service.js'
import { type AllowedHosts, wrongOrigin } from '../wire/allowed-hosts.js'
import type { ModeHeader } from './mode-header.js'
import { sendRawProblem } from './raw-problem.js'

type Placed = WebSocketServer & { readonly path: string }

export class StreamAdapter extends WsAdapter {
  constructor(
    private readonly app: INestApplication,
    private readonly hosts: AllowedHosts,
    private readonly mode: ModeHeader,
  ) {
    super(app)
  }

  /** The gateway reads messages itself, because Nest would parse each one and write its own answers. */
  override bindMessageHandlers(): void {}

  protected override ensureHttpServerExists(port: number, server?: Server): Server | undefined {
    if (server === undefined || this.httpServersRegistry.has(port)) return undefined
    this.httpServersRegistry.set(port, server)
    // For another protocol, such as h2c, the offer is ignored and the request answered as plain HTTP.
    const wanted = ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket'
    Object.assign(server, { shouldUpgradeCallback: wanted })
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.upgrade(request, socket, head),
    )
    return server
  }

  /** Errors of a socket are ignored, because a peer's mistake is its own and the close code reports it to the peer. */
  override bindErrorHandler(server: WebSocketServer): WebSocketServer {
    server.on('connection', socket => socket.on('error', () => undefined))
    server.on('headers', (headers, request) => {
      for (const [name, value] of Object.entries(this.mode.fields)) headers.push(`${name}: ${value}`)
      headers.push(`X-Correlation-Id: ${this.handshakes.admissionOf(request).opening.correlationId}`)
    })
    server.on('wsClientError', (error, socket, request) => {
      const { message } = error
      this.answer(
        request,
        socket as Socket,
        new StoreError('BAD_HTTP', `The handshake is not one of WebSocket: ${message}.`),
        {
          'Sec-WebSocket-Version': '13',
        },
      )
    })
    return server
  }

  /** Whether a WebSocket can be opened at this path. */
  opens(path: string): boolean {
    return this.serverAt(path) !== undefined
  }

  private serverAt(path: string | undefined): Placed | undefined {
    const servers = [...this.wsServersRegistry.values()].flat() as unknown as Placed[]
    return servers.find(one => one.path === path)
  }

  private get handshakes(): Handshakes {
    return this.app.get(Handshakes, { strict: false })
  }

  /** Only browsers send an Origin, and a page of an origin that is not listed has no business here. */
  private refusalOf(request: IncomingMessage): StoreError | undefined {
    const refused = this.hosts.refusalOf(request)
    if (refused !== undefined) return refused
    const { origin, host } = request.headers
    return this.hosts.permitsOrigin(origin, host) ? undefined : wrongOrigin(origin)
  }

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const refused = this.refusalOf(request)
    if (refused !== undefined) {
      this.answer(request, socket, refused)
      return
    }
    const server = this.serverAt(request.url?.split('?')[0])
    if (server === undefined) {
      this.answer(request, socket, new StoreError('NOT_FOUND', 'There is no stream at this path.'))
      return
    }
    const admitted = (client: WebSocket) => server.emit('connection', client, request)
    this.handshakes
      .admit(request)
      .then(() => server.handleUpgrade(request, socket, head, admitted))
      .catch((error: unknown) => {
        const { reason, headers } = error instanceof Refusal ? error : new Refusal(error as Error)
        this.answer(request, socket, reason, headers)
      })
      .catch(() => socket.destroy())
  }

  private answer(
    request: IncomingMessage,
    socket: Socket,
    error: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    const said = { path: request.url ?? '/', headers: request.headers }
    sendRawProblem(socket, error, said, { ...headers, ...this.mode.fields })
  }
}
