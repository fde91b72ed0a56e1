// Node's own http and fetch carry the same: compressed and redirected answers, lines as they come, and every way an answer can end early.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from '@jest/globals'
import { Lighthouse as PortableLighthouse } from '../src/lighthouse.js'
import { Lighthouse } from '../src/node/lighthouse.js'
import { all } from './support/server-and-client.js'

const servers: Server[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
})

interface Place {
  readonly url: string
  /** What has come so far, as `GET /v1/events token`. */
  readonly asked: string[]
  connections: number
}

async function serve(answer: RequestListener): Promise<Place> {
  const place = { url: '', asked: [] as string[], connections: 0 }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://any')
    place.asked.push(`${request.method} ${pathname} ${request.headers.authorization ?? 'without a token'}`)
    answer(request, response)
  })
  server.on('connection', () => place.connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.push(server)
  place.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return place
}

const PAGE = JSON.stringify({ events: [], next: null, head: 7 })
const LINES = [1, 2, 3].map(
  position => `${JSON.stringify({ type: 'event', event: { position, data: { text: 'ü' } } })}\n`,
)
const WHOLE = `${LINES.join('')}${JSON.stringify({ type: 'end', position: 3, count: 3 })}\n`

const page = (_: IncomingMessage, response: ServerResponse) => response.end(PAGE)
const positions = (events: readonly { readonly position: number }[]) => events.map(({ position }) => position)

describe.each([
  ['http', Lighthouse],
  ['fetch', PortableLighthouse],
] as const)('by %s', (_, Client) => {
  const clientOf = ({ url }: Place, timeoutMs = 5_000) => new Client({ url, token: 't', timeoutMs, retry: false })

  test.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('an answer that a proxy has packed as %s is read whole and line by line', async (encoding, pack) => {
    const place = await serve(({ headers: { accept } }, response) => {
      response.setHeader('content-encoding', encoding)
      response.end(pack(accept === 'application/json' ? PAGE : WHOLE))
    })
    expect(await clientOf(place).head()).toBe(7)
    expect(positions(await all(clientOf(place).read()))).toEqual([1, 2, 3])
  })

  test('what is read comes before its answer has ended', async () => {
    const taken = Promise.withResolvers<void>()
    const place = await serve(async (_, response) => {
      response.write(LINES[0])
      await taken.promise
      response.end(WHOLE.slice(LINES[0]?.length))
    })
    const seen = []
    for await (const { position } of clientOf(place).read()) {
      seen.push(position)
      taken.resolve()
    }
    expect(seen).toEqual([1, 2, 3])
  })

  test('many letters of several bytes come whole, however they are cut', async () => {
    const text = 'ü🗼'.repeat(1_000)
    const bytes = Buffer.from(JSON.stringify({ text }))
    const place = await serve(async (_, response) => {
      for (let at = 0; at < bytes.length; at += 501) {
        response.write(bytes.subarray(at, at + 501))
        await new Promise(setImmediate)
      }
      response.end()
    })
    expect(await clientOf(place).whoami()).toEqual({ text })
  })

  test('a redirect is followed, and another origin is not shown the token', async () => {
    const other = await serve(page)
    const place = await serve(({ url = '' }, response) => {
      const location = url.startsWith('/moved/') ? url.replace('/moved/', '/') : `${other.url}${url}`
      response.writeHead(307, { location }).end()
    })
    const moved = { ...place, url: `${place.url}/moved` }
    expect(await clientOf(moved).head()).toBe(7)
    expect(new Set(place.asked)).toEqual(new Set(['GET /moved/v1/events Bearer t', 'GET /v1/events Bearer t']))
    expect(other.asked).toEqual(['GET /v1/events without a token'])
    await clientOf(moved).append({ type: 'Moved', stream: 'a', data: {} })
    expect(other.asked[1]).toBe('POST /v1/events without a token')
  })

  test('an answer that is cut off, and one that is not whole, is no answer', async () => {
    const place = await serve(({ headers: { accept } }, response) => {
      response.writeHead(200, { 'content-length': '10000' })
      response.write(accept === 'application/json' ? '{' : LINES[0], () => response.destroy())
    })
    await expect(clientOf(place).head()).rejects.toMatchObject({ code: 'NETWORK', message: 'The answer was cut off.' })
    await expect(all(clientOf(place).read())).rejects.toMatchObject({ code: 'NETWORK' })
    const append = clientOf(place).append({ type: 'Cut', stream: 'a', data: {} })
    await expect(append).rejects.toMatchObject({ code: 'NETWORK', outcome: 'indeterminate' })
  })

  test.each([
    ['before its headers', () => undefined],
    ['within it', (response: ServerResponse) => void response.write('{')],
  ] as const)('an answer that does not come on, %s, ends with the time and with the signal', async (_, begin) => {
    const asked = Promise.withResolvers<void>()
    const gone = Promise.withResolvers<void>()
    const place = await serve((request, response) => {
      begin(response)
      request.socket.once('close', gone.resolve)
      asked.resolve()
    })
    await expect(clientOf(place, 50).head()).rejects.toMatchObject({ code: 'NETWORK', detail: 'No answer for 50 ms.' })
    await gone.promise
    const controller = new AbortController()
    const head = clientOf(place).head({ signal: controller.signal })
    await asked.promise
    controller.abort(new Error('enough'))
    await expect(head).rejects.toThrow('enough')
  })

  test('a read that is left early ends its connection', async () => {
    const gone = Promise.withResolvers<void>()
    const place = await serve((request, response) => {
      request.socket.once('close', gone.resolve)
      response.write(LINES.join(''))
    })
    for await (const _ of clientOf(place).read()) break
    await gone.promise
  })

  test('one connection serves request after request, refused ones too', async () => {
    const place = await serve(({ url }, response) => {
      if (url?.includes('refused')) response.writeHead(404, { 'content-type': 'application/problem+json' })
      response.end(url?.includes('refused') ? JSON.stringify({ code: 'NOT_FOUND', status: 404 }) : PAGE)
    })
    const client = clientOf(place)
    for (let n = 0; n < 5; n++) {
      expect(await client.head()).toBe(7)
      expect(await client.event('refused')).toBeUndefined()
    }
    expect(place.asked).toHaveLength(10)
    // The connections of fetch are those of the whole process, and whether one is free yet is a matter of turns.
    expect(place.connections).toBeLessThanOrEqual(Client === Lighthouse ? 1 : 2)
  })

  test('a connection that the server has closed meanwhile is not used again', async () => {
    const place = await serve(page)
    const client = clientOf(place)
    await client.head()
    servers[0]?.closeAllConnections()
    // Both ends are in this process: the end is told in a later turn.
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect(await client.head()).toBe(7)
    expect(place.connections).toBe(2)
  })
})
