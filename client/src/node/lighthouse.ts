// The entry for Node: the same client, with requests of Node's own http, and the WebSocket of the package `ws` where Node has none (before 22).
import { LighthouseError } from '../errors.js'
import { Lighthouse as PortableLighthouse } from '../lighthouse.js'
import type { WebSocketClass } from '../session.js'
import type { Transport } from '../transport.js'
import { nodeTransport } from './transport.js'

export * from '../lighthouse.js'

export class Lighthouse extends PortableLighthouse {
  protected override platformTransport(): Transport {
    return nodeTransport(super.platformTransport())
  }

  /** The package is loaded when a socket is opened and not before, because everything else works without it. */
  protected override async platformWebSocket(): Promise<WebSocketClass> {
    const { WebSocket } = globalThis as { readonly WebSocket?: WebSocketClass }
    if (WebSocket !== undefined) return WebSocket
    try {
      return (await import('ws')).WebSocket
    } catch (cause) {
      throw new LighthouseError(
        'NO_WEBSOCKET',
        'This Node has no WebSocket (22 and newer have one), and the package ws is not installed: npm i ws.',
        { cause },
      )
    }
  }
}
