// The connections of a generator, which can all be cut at once: what is under way on them fails, and nobody says goodbye.
import { WebSocket } from 'ws'

export class CuttableConnections {
  private readonly requests = new Set<AbortController>()
  private readonly sockets = new Set<WebSocket>()

  /**
   * A signal of each request alone. One that followed a signal of all (`AbortSignal.any`) would be kept by that one for
   * as long as it lives, which is that of the generator.
   */
  readonly fetch: typeof fetch = (input, init) => {
    const controller = new AbortController()
    this.requests.add(controller)
    const ended = () => {
      this.requests.delete(controller)
      controller.abort(init?.signal?.reason)
    }
    // The client aborts the signal of every try when that is over, however it has ended.
    init?.signal?.addEventListener('abort', ended, { once: true })
    return fetch(input, { ...init, signal: controller.signal })
  }

  readonly WebSocket = socketClass(this.sockets)

  get underWay(): number {
    return this.requests.size
  }

  /** As when the other side is gone. */
  cut(): void {
    const gone = Object.assign(new Error('the connection was cut'), { code: 'ECONNRESET' })
    for (const request of this.requests) request.abort(new TypeError('fetch failed', { cause: gone }))
    for (const socket of this.sockets) socket.terminate()
  }
}

function socketClass(sockets: Set<WebSocket>) {
  return class CuttableSocket extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols)
      sockets.add(this)
      this.once('close', () => sockets.delete(this))
    }
  }
}
