// What a client is told of a connection that did not come about or that ended, by real sockets on both sides.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket as Peer, WebSocketServer, WebSocket as WsWebSocket } from 'ws'
import type { LighthouseError } from './errors.js'
import { Session, type WebSocketClass } from './session.js'

const classes: readonly (readonly [string, WebSocketClass])[] = [
  ['the platform', globalThis.WebSocket as WebSocketClass],
  ['the package ws', WsWebSocket],
]

/** The error of a session that ends by itself. */
function endingOf(url: string, WebSocket: WebSocketClass): Promise<LighthouseError> {
  return new Promise(ended => {
    const ignore = () => undefined
    const settings = { url, token: 't', timeoutMs: 20_000 }
    new Session(WebSocket, settings, { welcome: ignore, frame: ignore, ended: ({ error }) => ended(error) })
  })
}

/** The same, of a session with a server that does so with every socket. */
async function endedBy(peer: (socket: Peer) => void, WebSocket: WebSocketClass): Promise<LighthouseError> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: ([first]) => first ?? false })
  await once(server, 'listening')
  server.on('connection', peer)
  try {
    return await endingOf(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/stream`, WebSocket)
  } finally {
    server.close()
  }
}

const problem = (detail: string) => JSON.stringify({ type: 'error', problem: { detail } })
const goaway = JSON.stringify({ type: 'goaway', reason: 'The server is shutting down.' })

describe.each(classes)('with the WebSocket of %s', (_, WebSocket) => {
  test.each([
    [1001, '', goaway, 'CLOSED', 'The server is shutting down.'],
    [1001, '', undefined, 'CLOSED', 'The server is shutting down.'],
    [1001, 'moved..', undefined, 'CLOSED', 'The server is shutting down: moved.'],
    [4401, '', undefined, 'UNAUTHENTICATED', 'The token is not good, or no longer.'],
    [4401, '', problem('It has expired.'), 'UNAUTHENTICATED', 'The token is not good, or no longer: It has expired.'],
    [
      4400,
      '',
      problem('/after is wrong.'),
      'INVALID_REQUEST',
      'The server did not understand a frame: /after is wrong.',
    ],
  ])('a close with %i, «%s» and %s is told once, with one full stop', async (code, reason, frame, expected, detail) => {
    const peer = (socket: Peer) => {
      if (frame !== undefined) socket.send(frame)
      socket.close(code, reason)
    }
    const error = await endedBy(peer, WebSocket)
    expect([error.code, error.detail]).toEqual([expected, detail])
  })

  test('a connection that breaks is told apart from one that never was', async () => {
    const { code, detail } = await endedBy(socket => socket.terminate(), WebSocket)
    expect([code, detail]).toEqual(['NETWORK', expect.stringMatching(/^The connection to ws:.* broke \(1006\)\.$/)])
  })

  test('where nobody listens, the host, the port and that it was refused', async () => {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    await once(server.close(), 'close')
    const { code, detail, retryable } = await endingOf(`ws://127.0.0.1:${port}/v1/stream`, WebSocket)
    expect([code, retryable]).toEqual(['NETWORK', true])
    expect(detail).toMatch(new RegExp(`^No connection to 127\\.0\\.0\\.1:${port}: refused\\b.*[^.]\\.$`))
  })

  test('an answer that is no WebSocket is refused likewise', async () => {
    const server = createServer((_request, answer) => void answer.writeHead(403).end())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const { detail } = await endingOf(`ws://127.0.0.1:${port}/v1/stream`, WebSocket)
    server.close()
    expect(detail).toMatch(new RegExp(`^No connection to 127\\.0\\.0\\.1:${port}: refused, or nothing answers there`))
  })
})

test('the package ws knows the code of the system', async () => {
  const { detail } = await endingOf('ws://127.0.0.1:2/', WsWebSocket)
  expect(detail).toBe('No connection to 127.0.0.1:2: refused (ECONNREFUSED).')
})
