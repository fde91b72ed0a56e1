// Proves that bodies cross in pieces of which few are on their way, and that either end can break off.
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { expect, test } from '@jest/globals'
import { fastify as createFastify, type FastifyInstance } from 'fastify'
import { exchangeBytes } from '../../../test/support/relayed-server.js'
import { writeCertificate } from '../../../test/support/self-signed.js'
import { withTempDirectory } from '../../../test/support/temp-directory.js'
import { until } from '../../../test/support/until.js'
import { ThreadCalls } from '../../threads/thread-calls.js'
import { Certificate } from '../certificate.js'
import { createHttpAdapter, httpLimits } from '../http-server.js'
import { ModeHeader } from '../mode-header.js'
import { OF_REQUESTS, type OfRequest, RELAY_WINDOW } from './relay-messages.js'
import { RelayedRequests } from './relayed-requests.js'
import { RequestRelay } from './request-relay.js'

const PIECE = Buffer.alloc(64 * 1024, 'piece of a body ')
const PIECES = 256
const WHOLE = PIECES * PIECE.length
/** Beside what is on its way, streams of Node hold pieces at both ends. */
const MOST_HELD = 2 * RELAY_WINDOW

interface Joined {
  readonly relayed: RelayedRequests
  readonly port: MessagePort
  /** What the front has been asked, and writes its answers to. */
  readonly responses: ServerResponse[]
  readonly url: string
  send(path: string, method?: string): ClientRequest
  stop(): Promise<void>
}

async function join(
  routes: (fastify: FastifyInstance) => void,
  limits = httpLimits,
  certificate?: Certificate,
): Promise<Joined> {
  const fastify = createFastify()
  fastify.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  routes(fastify)
  const { port1, port2 } = new MessageChannel()
  const server = { mode: new ModeHeader(), unanswered: undefined, getInstance: () => fastify }
  const [relayed, relay] = await Promise.all([
    RelayedRequests.serve(server, new ThreadCalls(port1)),
    RequestRelay.connect(new ThreadCalls(port2)),
  ])
  const responses: ServerResponse[] = []
  const front = createHttpAdapter(limits, certificate)
  front.getInstance().addHook('onRequest', ({ raw }, reply) => {
    responses.push(reply.raw)
    relay.relay({ request: raw, response: reply.raw, refuse: error => reply.raw.destroy(error) })
  })
  await front.getInstance().listen({ port: 0, host: '127.0.0.1' })
  const { port } = front.getHttpServer().address() as AddressInfo
  const headers = { 'content-type': 'application/octet-stream' }
  const send = (path: string, method = 'GET') => request({ host: '127.0.0.1', port, path, method, headers })
  const stop = async () => {
    front.getHttpServer().closeAllConnections()
    await front.close()
    port2.close()
    await fastify.close()
  }
  return { relayed, port: port1, responses, url: `http://127.0.0.1:${port}`, send, stop }
}

function countRequestBytes(port: MessagePort): { bytes: number } {
  const arrived = { bytes: 0 }
  port.on('message', ({ tell, value }: { tell?: string; value: readonly OfRequest[] }) => {
    if (tell !== OF_REQUESTS.name) return
    for (const message of value) if ('bytes' in message) arrived.bytes += message.bytes.length
  })
  return arrived
}

async function answerOf(asked: ClientRequest): Promise<IncomingMessage> {
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return answer
}

/** Resolves when the figure stays as it is. */
function settled(figure: () => number): Promise<number> {
  let seen = -1
  return until(() => {
    const before = seen
    seen = figure()
    return seen === before ? seen : undefined
  })
}

function pieces(): Readable {
  return Readable.from(Array.from({ length: PIECES }, () => PIECE))
}

test('the body of a request waits with its sender while the writer does not read it, and arrives whole', async () => {
  const { promise: mayRead, resolve: read } = Promise.withResolvers<void>()
  let arrived = { bytes: 0 }
  let most = 0
  const joined = await join(fastify => {
    fastify.post('/store', { bodyLimit: 2 * WHOLE }, async ({ body }) => {
      await mayRead
      let got = 0
      for await (const bytes of body as Readable) {
        expect(PIECE.includes(bytes.subarray(0, 16))).toBe(true)
        most = Math.max(most, arrived.bytes - got)
        got += bytes.length
      }
      return { got }
    })
  })
  try {
    arrived = countRequestBytes(joined.port)
    const asked = joined.send('/store', 'POST')
    pieces().pipe(asked)
    await until(() => arrived.bytes >= RELAY_WINDOW)
    expect(await settled(() => arrived.bytes)).toBeLessThanOrEqual(MOST_HELD)
    read()
    const [body] = await (await answerOf(asked)).toArray()
    expect(JSON.parse(String(body))).toEqual({ got: WHOLE })
    expect(most).toBeLessThanOrEqual(MOST_HELD)
  } finally {
    await joined.stop()
  }
})

test('an answer waits with the writer while its reader does not read it, and arrives whole', async () => {
  let made = 0
  const many = 8 * PIECES
  const joined = await join(fastify => {
    fastify.get('/read', (_request, reply) => {
      const make = function* () {
        for (; made < many; made++) yield PIECE
      }
      return reply.send(Readable.from(make()))
    })
  })
  try {
    const asked = joined.send('/read').end()
    const answer = await answerOf(asked)
    const [response] = joined.responses as [ServerResponse]
    const stalled = await settled(() => made)
    expect(stalled).toBeGreaterThan(0)
    expect(stalled).toBeLessThan(many)
    expect(response.writableLength).toBeLessThanOrEqual(MOST_HELD)
    let got = 0
    for await (const bytes of answer) {
      got += bytes.length
      expect(response.writableLength).toBeLessThanOrEqual(MOST_HELD)
    }
    expect(got).toBe(many * PIECE.length)
  } finally {
    await joined.stop()
  }
})

test('an answer that breaks off is cut off for its reader', async () => {
  const joined = await join(fastify => {
    fastify.get('/broken', (_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, { 'X-Said': 'yes' })
      reply.raw.write('the beginning', () => reply.raw.destroy())
    })
  })
  try {
    const answer = await answerOf(joined.send('/broken').end())
    expect(answer.rawHeaders).toContain('X-Said')
    await expect(answer.toArray()).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(joined.relayed.underWay).toBe(0)
  } finally {
    await joined.stop()
  }
})

test('a sender who leaves in the middle of a body is gone for the writer too', async () => {
  const { promise: failed, resolve } = Promise.withResolvers<unknown>()
  const joined = await join(fastify => {
    fastify.post('/store', async ({ body }, reply) => {
      reply.raw.once('close', () => resolve(reply.raw.destroyed))
      for await (const _ of body as Readable);
    })
  })
  try {
    const asked = joined.send('/store', 'POST').on('error', () => undefined)
    asked.write(PIECE)
    await until(() => joined.relayed.underWay === 1)
    asked.destroy()
    expect(await failed).toBe(true)
    await until(() => joined.relayed.underWay === 0)
  } finally {
    await joined.stop()
  }
})

test('what is left of a body that the writer answered early is read, and the connection goes on', async () => {
  const joined = await join(fastify => {
    fastify.post('/refuse', async (_request, reply) => reply.status(422).send('no'))
    fastify.get('/next', async () => 'the next')
  })
  try {
    const head = `POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Length: ${WHOLE}\r\n\r\n`
    const body = Array.from({ length: PIECES }, () => PIECE)
    const next = 'GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    const heard = await exchangeBytes(joined.url, Buffer.concat([Buffer.from(head), ...body, Buffer.from(next)]))
    expect(heard).toMatch(/^HTTP\/1\.1 422 .*\r\n\r\nnoHTTP\/1\.1 200 .*\r\n\r\nthe next$/s)
  } finally {
    await joined.stop()
  }
})

test('a head may be sent long before the first bytes of its body', async () => {
  const { promise: later, resolve } = Promise.withResolvers<void>()
  const joined = await join(fastify => {
    fastify.get('/slow', async (_request, reply) => {
      reply.hijack()
      reply.raw.setHeader('X-Kept', ['a', 'b'])
      reply.raw.writeHead(201, 'Begun', ['x-a', '1', 'X-B', '2'])
      reply.raw.flushHeaders()
      await later
      reply.raw.end('6c61737421', 'hex')
    })
  })
  try {
    const answer = await answerOf(joined.send('/slow').end())
    expect([answer.statusCode, answer.statusMessage]).toEqual([201, 'Begun'])
    const fields = answer.rawHeaders.slice(0, 8)
    expect(fields).toEqual(['X-Kept', 'a', 'X-Kept', 'b', 'x-a', '1', 'X-B', '2'])
    resolve()
    expect(String((await answer.toArray())[0])).toBe('last!')
  } finally {
    await joined.stop()
  }
})

/** Long enough for the head to come in time on a machine that is busy. */
const HURRIED = { ...httpLimits, requestTimeoutMs: 1_000, lookForLateEveryMs: 10 }

test('a body that stops coming is answered by the front as late, and gone for the writer', async () => {
  const { promise: aborted, resolve } = Promise.withResolvers<unknown>()
  const joined = await join(fastify => {
    fastify.post('/store', async ({ body }) => (body as Readable).toArray().catch(resolve))
  }, HURRIED)
  try {
    const head = 'POST /store HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Length: 9\r\n\r\n'
    const heard = await exchangeBytes(joined.url, `${head}part`)
    expect(heard).toMatch(/^HTTP\/1\.1 408 /)
    expect(JSON.parse(heard.slice(heard.indexOf('\r\n\r\n')))).toMatchObject({ code: 'REQUEST_TIMEOUT' })
    expect(await aborted).toMatchObject({ code: 'ECONNRESET' })
    await until(() => joined.relayed.underWay === 0)
  } finally {
    await joined.stop()
  }
})

function whoAsks(fastify: FastifyInstance): void {
  fastify.get('/who', async ({ ip, protocol, raw }) => ({ ip, protocol, version: raw.httpVersion }))
}

test('the writer knows where a request comes from', async () => {
  const joined = await join(whoAsks)
  try {
    const heard = await exchangeBytes(joined.url, 'GET /who HTTP/1.0\r\n\r\n')
    expect(heard).toMatch(/\{"ip":"127\.0\.0\.1","protocol":"http","version":"1\.0"\}$/)
  } finally {
    await joined.stop()
  }
})

test('the writer knows that a connection is encrypted', () =>
  withTempDirectory(async folder => {
    const certificate = await Certificate.of(writeCertificate(folder))
    const joined = await join(whoAsks, httpLimits, certificate)
    try {
      const { port } = new URL(joined.url)
      const asked = get({ host: '127.0.0.1', port, path: '/who', agent: false, rejectUnauthorized: false })
      const heard = await text(await answerOf(asked))
      expect(JSON.parse(heard)).toEqual({ ip: '127.0.0.1', protocol: 'https', version: '1.1' })
    } finally {
      await joined.stop()
    }
  }))
