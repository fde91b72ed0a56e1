// The connections of a generator, which can all be cut at once: what is under way on them fails, and nobody says goodbye.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** Node tells of every connection that this process opens, whoever opens it. */
const OPENED = 'net.client.socket'

export class CuttableConnections {
  private readonly sockets = new Set<Socket>()
  private readonly opened = (message: unknown) => {
    const { socket } = message as { readonly socket: Socket }
    this.sockets.add(socket)
    socket.once('close', () => this.sockets.delete(socket))
  }

  constructor() {
    subscribe(OPENED, this.opened)
  }

  get open(): number {
    return this.sockets.size
  }

  /** As when the other side is gone. */
  cut(): void {
    const gone = Object.assign(new Error('the connection was cut'), { code: 'ECONNRESET' })
    for (const socket of this.sockets) socket.destroy(gone)
  }

  /** Looks at no further connections. */
  close(): void {
    unsubscribe(OPENED, this.opened)
  }
}
