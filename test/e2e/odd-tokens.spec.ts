// Tokens with a good signature and odd claims, over HTTP, in the handshake of the stream and in its first frame: refused alike, and the server lives.
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { StreamClient, socketTo } from '../support/stream-client.js'

let server: RunningServer
beforeAll(async () => {
  server = await RunningServer.start()
})
afterAll(() => server.stop())

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds
const ELEVEN_YEARS = 11 * 366 * 86_400

const ODD: readonly object[] = [
  { exp: Number.MAX_SAFE_INTEGER },
  { exp: 9e12 },
  { exp: 1e308 },
  { exp: inSeconds(ELEVEN_YEARS) },
  { iat: -1e308 },
  { nbf: -1e308 },
  { sub: '\u20ac'.repeat(129) },
  { sub: '\ud800' },
  { act: { sub: 'a\u0007' } },
  { jti: '\u20ac'.repeat(2_000) },
  { jti: {} },
  { permissions: { constructor: ['all'] } },
]

const claimsOf = (changes: object) => ({ sub: 'a', role: 'agent', exp: inSeconds(600), ...changes })

async function statusOfHandshake(authorization: string): Promise<number | undefined> {
  const socket = socketTo(server.url, { authorization })
  socket.on('error', () => undefined)
  return new Promise(resolve => {
    socket.once('unexpected-response', (_, answer) => {
      resolve(answer.statusCode)
      answer.resume()
    })
    socket.once('open', () => resolve(101))
  })
}

test.each(ODD)('%j is refused everywhere with a 401', async changes => {
  const token = await tokenOf(claimsOf(changes))
  const authorization = `Bearer ${token}`
  const answer = await fetch(`${server.url}/v1/events`, { headers: { authorization } })
  expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'UNAUTHENTICATED' }])
  expect(await statusOfHandshake(authorization)).toBe(401)
  const client = await StreamClient.open(server.url)
  client.send({ type: 'auth', token })
  expect(await client.closed()).toBe(4401)
  expect(server.running).toBe(true)
})

test('two Authorization headers are refused in a handshake too', async () => {
  const authorization = `Authorization: Bearer ${await tokenOf(claimsOf({}))}\r\n`
  const said = async (headers: string) => {
    const { hostname, port } = new URL(server.url)
    const socket = connect(Number(port), hostname).setEncoding('utf8')
    const upgrade = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n`
    socket.write(`GET /v1/stream HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${upgrade}${headers}\r\n`)
    for await (const text of socket) return String(text)
    return ''
  }
  expect(await said(authorization)).toMatch(/^HTTP\/1\.1 101 /)
  const refused = await said(authorization + authorization)
  expect(refused).toMatch(/^HTTP\/1\.1 401 /)
  expect(refused).toContain('more than one Authorization header')
})

test('nothing of it was a defect', () => {
  expect(server.lines.filter(line => /"level":"(error|fatal)"/.test(line))).toEqual([])
})
