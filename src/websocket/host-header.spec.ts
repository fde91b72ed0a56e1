// The Host of a handshake: what a plain request needs, an upgrade needs too.
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type ServerUnderTest, startServer } from '../../test/support/http-server-under-test.js'
import { WebSocketModule } from './websocket.module.js'

let server: ServerUnderTest
beforeAll(async () => {
  server = await startServer([WebSocketModule])
})
afterAll(() => server.stop())

const upgrade = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

async function answerTo(lines: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  socket.end(`GET /v1/stream HTTP/1.1\r\n${lines.map(line => `${line}\r\n`).join('')}\r\n`)
  return text(socket)
}

test.each([
  ['a plain request', ['Connection: close']],
  ['an upgrade', upgrade],
])('%s without Host is a 400 with a problem', async (_, lines) => {
  const answer = await answerTo(lines)
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({
    code: 'BAD_HTTP',
    detail: expect.stringContaining('The request has no Host header'),
  })
})

test('an upgrade with one is taken', async () => {
  expect(await answerTo(['Host: lighthouse', ...upgrade])).toMatch(/^HTTP\/1\.1 101 /)
})
