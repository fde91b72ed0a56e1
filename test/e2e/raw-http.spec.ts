// What comes over a bare connection and is not, or not quite, HTTP: an answer of its own, nothing stored, and nobody else disturbed.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { RunningServer, tokenOf } from '../support/running-server.js'

const CANARY = 'canary-of-bare-sockets'
const EVENT = JSON.stringify({ type: 'Told', stream: 'told', data: { secret: CANARY } })

let server: RunningServer
let authorization: string

beforeAll(async () => {
  server = await RunningServer.start()
  authorization = `Bearer ${await tokenOf({ sub: 'rude', role: 'system_agent' })}`
})

afterAll(() => server.stop())

function open(): Socket {
  return connect(Number(new URL(server.url).port), '127.0.0.1')
}

/** All the server says until it closes the connection. */
async function said(text: string | Buffer, end = false): Promise<string> {
  const socket = open()
  let answer = ''
  socket.on('data', bytes => (answer += bytes)).on('error', () => undefined)
  socket.write(text)
  if (end) socket.end()
  await once(socket, 'close')
  return answer
}

const get = (path: string, ...more: string[]) =>
  `GET ${path} HTTP/1.1\r\nHost: lighthouse\r\nAuthorization: ${authorization}\r\n${more.map(line => `${line}\r\n`).join('')}\r\n`
const post = (body: string, ...headers: string[]) =>
  `POST /v1/events HTTP/1.1\r\nHost: lighthouse\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\n${headers.map(line => `${line}\r\n`).join('')}\r\n${body}`

async function stored(): Promise<number> {
  const answer = await fetch(`${server.url}/v1/events?stream=told`, { headers: { authorization } })
  return ((await answer.json()) as { events: unknown[] }).events.length
}

const NOT_HTTP: Readonly<Record<string, () => string | Buffer>> = {
  'random bytes': () => Buffer.from(Array.from({ length: 500 }, (_, i) => (i * 7 + 128) % 256)),
  'a TLS greeting': () => Buffer.from('16030100f1010000ed0303', 'hex'),
  'another protocol': () => `SSH-2.0-OpenSSH_9.6 ${CANARY}\r\n\r\n`,
  'a method that is none': () => `FETCH${CANARY} / HTTP/1.1\r\nHost: a\r\n\r\n`,
  'a version that is none': () => 'GET /livez HTTP/9.9\r\nHost: a\r\n\r\n',
  'a header without a name': () => `GET /livez HTTP/1.1\r\nHost: a\r\n: ${CANARY}\r\n\r\n`,
  'a header with a line break': () => 'GET /livez HTTP/1.1\r\nHost: a\r\nX-A: b\rc\r\n\r\n',
  'a null byte in a header': () => 'GET /livez HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\n\r\n',
  'no host': () => 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n',
  'two lengths': () => post(EVENT, 'Content-Length: 5', `Content-Length: ${EVENT.length}`),
  'a length and chunks': () =>
    post(`0\r\n\r\n${EVENT}`, `Content-Length: ${EVENT.length}`, 'Transfer-Encoding: chunked'),
  'a length that is none': () => post(EVENT, 'Content-Length: many'),
  'a length below zero': () => post(EVENT, 'Content-Length: -1'),
  'a chunk that is none': () => post('zz\r\nabc\r\n', 'Transfer-Encoding: chunked'),
  'an encoding nobody knows': () => post(EVENT, 'Transfer-Encoding: gzip'),
  'headers without end': () => get('/livez', `X-Long: ${'x'.repeat(40_000)}`),
  'too many headers': () => get('/livez', ...Array.from({ length: 3_000 }, (_, i) => `X-${i}: ${CANARY}`)),
}

describe('bare connections', () => {
  test.each(Object.keys(NOT_HTTP))('%s is refused with a problem', async what => {
    const answer = await said((NOT_HTTP[what] as () => string | Buffer)())
    expect(answer).toMatch(/^HTTP\/1\.1 4(00|08|31) /)
    expect(answer).not.toContain(CANARY)
    expect(answer).not.toMatch(/node:|\.js:| {4}at /)
    const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
    expect(JSON.parse(body)).toMatchObject({ code: expect.any(String), status: expect.any(Number) })
    expect(await stored()).toBe(0)
  })

  test('a body that ends too early stores nothing', async () => {
    await said(post(EVENT.slice(0, 20), `Content-Length: ${EVENT.length}`), true)
    await said(post(`${EVENT.length.toString(16)}\r\n${EVENT.slice(0, 9)}`, 'Transfer-Encoding: chunked'), true)
    expect(await stored()).toBe(0)
  })

  test('requests in one packet are answered in their order', async () => {
    const wanted = ['/livez', '/v1/events/nonsense', '/v1/events?limit=1', '/nowhere', '/readyz']
    const answer = await said(wanted.map((path, i) => get(path, ...(i === 4 ? ['Connection: close'] : []))).join(''))
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([200, 404, 200, 404, 200].map(status => `HTTP/1.1 ${status}`))
  })

  test('a refused body is never read as the next request', async () => {
    const smuggled = `{"type":\r\n\r\n${post(EVENT, `Content-Length: ${EVENT.length}`)}`
    const answer = await said(post(smuggled, `Content-Length: ${smuggled.length}`) + get('/livez', 'Connection: close'))
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(await stored()).toBe(0)
  })

  test('an expectation nobody knows is ignored', async () => {
    expect(await said(get('/livez', `Expect: ${CANARY}`, 'Connection: close'))).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('a body too large is refused before it has come', async () => {
    const answer = await said(post('', `Content-Length: ${64 * 1024 * 1024}`))
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  })

  test('a client that leaves in the middle of an answer disturbs nobody', async () => {
    const append = (n: number) =>
      fetch(`${server.url}/v1/events/batch`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({
          events: Array(100).fill({ type: 'Filler', stream: 'filler', data: { n, text: 'x'.repeat(9_000) } }),
        }),
      })
    for (let n = 0; n < 5; n++) expect((await append(n)).status).toBe(201)
    for (let n = 0; n < 20; n++) {
      const socket = open()
      socket.on('error', () => undefined)
      socket.write(get('/v1/events?stream=filler', 'Accept: application/x-ndjson'))
      await once(socket, 'data')
      socket.resetAndDestroy()
    }
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  })

  test('no line of the log and no metric tells what they said', async () => {
    expect(server.lines.filter(line => line.includes(CANARY))).toEqual([])
    expect(await (await fetch(`${server.url}/metrics`)).text()).not.toContain(CANARY)
    expect(server.lines.filter(line => /"level":"(error|fatal)"/.test(line))).toEqual([])
  })
})
