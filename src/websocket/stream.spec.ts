// The stream over real sockets: who may open it, what it answers, and that a subscription misses and repeats nothing.
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs'
import { createServer, get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { mock } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import {
  ADMIN,
  agent,
  bearerOf,
  jsonOf,
  limitedTo,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { type Heard, StreamClient, type StreamOptions, socketTo } from '../../test/support/stream-client.js'
import type { Identity } from '../auth/access.js'
import { Denials } from '../auth/denials.js'
import { TokenVerifier } from '../auth/token-verifier.js'
import { Settings } from '../config/settings.js'
import { type NewEvent, Packed } from '../contract/event.js'
import { EventsModule } from '../events/events.module.js'
import { Feed } from '../following/feed.js'
import { FrameRound } from './frame-turns.js'
import { WebSocketModule } from './websocket.module.js'

let server: ServerUnderTest
const clients: StreamClient[] = []

beforeEach(async () => {
  server = await startServer([EventsModule, WebSocketModule])
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate()
  await server.stop()
})

async function open(as: Identity | undefined = ADMIN, options: StreamOptions = {}): Promise<StreamClient> {
  const client = await StreamClient.open(server.url, { authorization: bearerOf(as), ...options })
  clients.push(client)
  return client
}

const author = { agentId: 'writer' }
const event = (parts: Partial<NewEvent> = {}): NewEvent => ({ type: 'tick', stream: 'clock', data: {}, ...parts })
const append = (...events: NewEvent[]) => server.store.append({ events, author })
const many = (count: number, parts?: (n: number) => Partial<NewEvent>) =>
  Array.from({ length: count }, (_, n) => event({ data: { n }, ...parts?.(n) }))
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)
const positions = (frames: { event: { position: number } }[]) => frames.map(frame => frame.event.position)

describe.each(['lighthouse.v1.json', 'lighthouse.v1.msgpack'])('spoken as %s', protocol => {
  test('a subscriber gets what was and what comes, in order and once', async () => {
    await append(...many(1_000))
    const client = await open(ADMIN, { protocol })
    expect(await client.next('welcome')).toEqual({
      type: 'welcome',
      agentId: 'operator',
      head: 1_000,
      expiresAt: expect.stringMatching(/^20\d\d-/),
      lineage: expect.stringMatching(/^[0-9a-f]{32}$/),
      epoch: 1,
      features: ['append.correlationId'],
    })
    client.send({ type: 'subscribe', id: 'all', after: 'start' })
    expect(await client.next('subscribed')).toEqual({ type: 'subscribed', id: 'all', position: 0 })
    for (let n = 0; n < 50; n++) await append(...many(20))
    const events = await client.all('event', 2_000, 'all')
    expect(positions(events)).toEqual(range(1, 2_000))
    const { events: read } = await jsonOf(server.call('/v1/events?limit=1'))
    expect(events[0].event).toEqual(read[0])
    expect((await client.next('caughtUp')).id).toBe('all')
  })

  test('appends are answered under their ids, conflicts too, and the connection goes on', async () => {
    const client = await open(ADMIN, { protocol })
    const events = [event({ data: { n: 1 } })]
    client.send({ type: 'append', id: '1', events, expectations: [{ stream: 'clock', expectedRevision: 'none' }] })
    expect(await client.next('appended', '1')).toMatchObject({
      firstPosition: 1,
      lastPosition: 1,
      duplicate: false,
      durability: 'fsync',
      events: [{ position: 1, stream: 'clock', revision: 0 }],
    })
    client.send({ type: 'append', id: '2', events, expectations: [{ stream: 'clock', expectedRevision: 'none' }] })
    expect(await client.next('error', '2')).toMatchObject({
      problem: { code: 'REVISION_CONFLICT', status: 409, violations: [{ stream: 'clock', actual: 0 }] },
    })
    client.send({ type: 'append', id: '3', events: [{ type: 'tick', stream: 'clock' }] })
    expect(await client.next('error', '3')).toMatchObject({
      problem: { code: 'INVALID_EVENT', errors: [{ pointer: '/events/0/data' }] },
    })
    for (let n = 0; n < 2; n++) client.send({ type: 'append', id: `k${n}`, events, key: 'once' })
    const [first, again] = [await client.next('appended', 'k0'), await client.next('appended', 'k1')]
    expect([first.duplicate, again.duplicate, again.lastPosition]).toEqual([false, true, first.lastPosition])
  })

  test('an append may have a correlation and a trace of its own; what is refused is told under them', async () => {
    const client = await open(ADMIN, { protocol })
    const names = { correlationId: 'build-42', traceparent: `00-${'4b'.repeat(16)}-${'00f0'.repeat(4)}-01` }
    const own = event({ correlationId: 'of-the-event' })
    client.send({ type: 'append', id: '1', events: [event(), own], ...names })
    client.send({ type: 'append', id: '2', events: [event()], correlationId: 'not valid' })
    client.send({ type: 'subscribe', id: 'all', after: 'start' })
    const seen = (await client.all('event', 3, 'all')).map(({ event: { correlationId } }) => correlationId)
    expect(seen.slice(0, 2)).toEqual(['build-42', 'of-the-event'])
    expect(seen[2]).toMatch(/^[0-9a-f-]{36}$/)
    client.send({ type: 'append', id: '3', events: [{ type: 'tick' }], ...names })
    expect(await client.next('error', '3')).toMatchObject({
      problem: { code: 'INVALID_EVENT', correlationId: 'build-42', traceId: '4b'.repeat(16) },
    })
  })

  test('a condition tells nothing of hidden events for free', async () => {
    await append(event({ stream: 'hidden', tags: ['customer:acme'] }))
    const spy = agent('spy', 'agent', { 'events.write': ['own'], 'events.read': ['own'] })
    const client = await open(spy, { protocol })
    const condition = { failIfEventsMatch: { items: [{ tags: ['customer:acme'] }] } }
    const asked = { events: [event({ stream: 'agent_spy' })], condition }
    const expectations = [{ stream: 'agent_spy', expectedRevision: 9 }]
    client.send({ type: 'append', id: '1', ...asked, expectations })
    const { problem } = await client.next('error', '1')
    expect(problem).toMatchObject({ code: 'REVISION_CONFLICT', violations: [{ kind: 'revision' }] })
    expect(JSON.stringify(problem)).not.toMatch(/condition/)
    const { counts } = server.app.get(Denials, { strict: false })
    const before = counts.HIDDEN_EVENT
    client.send({ type: 'append', id: '2', ...asked })
    expect(await client.next('error', '2')).toMatchObject({ problem: { code: 'CONDITION_FAILED' } })
    expect(counts.HIDDEN_EVENT).toBe(before + 1)
  })

  test('the store is given the payload of an append as it is stored', async () => {
    const stored = mock.method(server.store, 'append')
    const client = await open(ADMIN, { protocol })
    client.send({ type: 'append', id: '1', events: [event({ data: { n: 1 } })] })
    await client.next('appended', '1')
    expect(stored.mock.calls[0]?.arguments[0].events[0]?.data).toBeInstanceOf(Packed)
  })

  test('a thousand pipelined appends are all answered, in the order of their positions', async () => {
    const client = await open(ADMIN, { protocol })
    for (let n = 0; n < 1_000; n++) client.send({ type: 'append', id: `a${n}`, events: [event({ data: { n } })] })
    const answers = await client.all('appended', 1_000)
    expect(answers.map(({ id }) => id)).toEqual(range(0, 999).map(n => `a${n}`))
    expect(answers.map(({ firstPosition }) => firstPosition)).toEqual(range(1, 1_000))
  })
})

describe('where a subscription begins', () => {
  const begun = async (after: unknown, count: number): Promise<number[]> => {
    const client = await open()
    client.send({ type: 'subscribe', id: 's', after })
    return positions(await client.all('event', count, 's'))
  }

  test('behind a position, behind an event, at a time, at the start', async () => {
    await append(...many(5))
    for (const then = Date.now(); Date.now() <= then + 1; ) await new Promise(setImmediate)
    const { id, timestamp } = (await append(event())).events[0] as { id: string; timestamp: string }
    await append(...many(2))
    expect(await begun(6, 2)).toEqual([7, 8])
    expect(await begun(id, 2)).toEqual([7, 8])
    expect(await begun(timestamp, 3)).toEqual([6, 7, 8])
    expect(await begun('start', 8)).toEqual(range(1, 8))
  })

  test('at the head, when nothing is said, and at a time to come', async () => {
    await append(...many(3))
    for (const after of [undefined, 'head', '2500-01-01T00:00:00Z']) {
      const client = await open()
      client.send({ type: 'subscribe', id: 's', ...(after === undefined ? undefined : { after }) })
      const { position } = await client.next('subscribed')
      await append(event())
      expect(positions(await client.all('event', 1))).toEqual([position + 1])
    }
  })

  test.each([
    ['an id nobody has', '1790000000000000000_0_nobody', 'NOT_FOUND'],
    ['a position that this log has not reached', 999_999, 'INVALID_REQUEST'],
    ['no time', 'tomorrow', 'INVALID_REQUEST'],
    ['half a position', 1.5, 'INVALID_REQUEST'],
    ['a position below zero', -1, 'INVALID_REQUEST'],
    ['a list', [1], 'INVALID_REQUEST'],
  ])('%s is answered by an error, and its id is free again', async (_, after, code) => {
    const client = await open()
    client.send({ type: 'subscribe', id: 's', after })
    expect((await client.next('error', 's')).problem.code).toBe(code)
    client.send({ type: 'subscribe', id: 's' })
    await client.next('subscribed', 's')
  })

  test('an event that the token may not see is no place to begin at', async () => {
    const { id } = (await append(event({ stream: 'secret' }))).events[0] as { id: string }
    const client = await open(agent('guest-1', 'guest'))
    client.send({ type: 'subscribe', id: 's', after: id })
    expect((await client.next('error', 's')).problem.code).toBe('NOT_FOUND')
  })
})

describe('subscriptions of one connection', () => {
  test('many of them, each with its filter, each exact', async () => {
    const client = await open()
    const filters = [
      {},
      { streams: ['a*'] },
      { types: ['odd'] },
      { tags: ['third'] },
      { agents: ['nobody'] },
      { correlationId: 'c-7' },
      { streams: ['b'], types: ['even', 'odd'] },
      { causationId: 'cause-7' },
    ]
    for (let n = 0; n < 96; n++) client.send({ type: 'subscribe', id: `s${n}`, filter: filters[n % 8], after: 0 })
    for (let at = 0; at < 300; at += 30) {
      await append(
        ...many(30, n => ({
          stream: n % 2 === 0 ? 'a1' : 'b',
          type: n % 2 === 0 ? 'even' : 'odd',
          tags: n % 3 === 0 ? ['third'] : [],
          ...(n % 10 === 0 ? { correlationId: 'c-7' } : {}),
          ...(n % 15 === 0 ? { causationId: 'cause-7' } : {}),
        })),
      )
    }
    const expected = [300, 150, 150, 100, 0, 30, 150, 20]
    for (let n = 0; n < 96; n++) {
      const found = positions(await client.all('event', expected[n % 8] as number, `s${n}`))
      expect(found).toHaveLength(expected[n % 8] as number)
      expect(found).toEqual(found.toSorted((a, b) => a - b))
      expect(new Set(found).size).toBe(found.length)
    }
  }, 30_000)

  test('a hundred are held, further ones are refused, and an end makes room', async () => {
    const client = await open()
    for (let n = 0; n < 1_000; n++) client.send({ type: 'subscribe', id: `s${n}` })
    const refused = await client.all('error', 900)
    expect(refused.map(({ id }) => id)).toEqual(range(100, 999).map(n => `s${n}`))
    expect(refused[0].problem).toMatchObject({
      code: 'INVALID_REQUEST',
      detail: expect.stringContaining('at most 100'),
    })
    client.send({ type: 'unsubscribe', id: 's0' })
    expect(await client.next('closed', 's0')).toEqual({ type: 'closed', id: 's0', reason: 'unsubscribed', position: 0 })
    client.send({ type: 'subscribe', id: 'another' })
    await client.next('subscribed', 'another')
  })

  test('an id stands for one; who ends what there is not is told', async () => {
    const client = await open()
    for (let n = 0; n < 2; n++) client.send({ type: 'subscribe', id: 's' })
    expect((await client.next('error', 's')).problem.errors[0].pointer).toBe('/id')
    client.send({ type: 'unsubscribe', id: 'x' })
    expect((await client.next('error', 'x')).problem.code).toBe('NOT_FOUND')
    client.send({ type: 'unsubscribe', id: 's' })
    await client.next('closed', 's')
    await append(...many(3))
    client.send({ type: 'ping' })
    expect(await client.next('heartbeat')).toEqual({ type: 'heartbeat', position: 3 })
    expect(client.heard.filter(({ type }) => type === 'event')).toEqual([])
  })

  test('what a token may not see does not exist', async () => {
    const client = await open(agent('guest-1', 'guest'))
    client.send({ type: 'subscribe', id: 's', after: 0, filter: { streams: ['*', '$*'] } })
    await append(event({ stream: 'public_a' }), event({ stream: 'secret' }), event({ stream: 'public_b' }))
    expect(positions(await client.all('event', 2))).toEqual([1, 3])
  })

  test('a token without the scope may not subscribe, nor append, and the denial is counted', async () => {
    const client = await open(agent('reader', 'agent', { 'events.read': ['all'] }))
    client.send({ type: 'subscribe', id: 's' }, { type: 'append', id: 'a', events: [event()] })
    expect((await client.next('error', 's')).problem).toMatchObject({ code: 'FORBIDDEN', status: 403 })
    expect((await client.next('error', 'a')).problem.code).toBe('FORBIDDEN')
    expect(server.app.get(Denials, { strict: false }).counts.FORBIDDEN).toBeGreaterThanOrEqual(2)
  })
})

describe('a client that reads slower than events come', () => {
  test.each(['lighthouse.v1.json', 'lighthouse.v1.msgpack'])(
    'is told, served from the log, and misses nothing: %s',
    async protocol => {
      const client = await open(ADMIN, { protocol })
      const quick = await open()
      for (const one of [client, quick]) one.send({ type: 'subscribe', id: 's', after: 0 })
      await client.next('caughtUp')
      client.socket.pause()
      const { counts, recent } = server.app.get(Feed, { strict: false })
      const data = { text: 'x'.repeat(20_000) }
      let appended = 0
      // The system's buffers take what they take: the client is behind once the window has left what it was sent last.
      while (recent.reaches(counts.delivered - appended) && appended < 10_000) {
        await append(...many(100, () => ({ data })))
        appended += 100
        await quick.all('event', appended)
      }
      expect(positions(await quick.all('event', appended))).toEqual(range(1, appended))
      client.socket.resume()
      expect(positions(await client.all('event', appended))).toEqual(range(1, appended))
      await client.next('fellBehind')
      await client.next('caughtUp')
      expect(quick.heard.some(({ type }) => type === 'fellBehind')).toBe(false)
      await append(event())
      expect((await client.all('event', appended + 1)).at(-1).event.position).toBe(appended + 1)
    },
    60_000,
  )

  test('is not read either when it does not take its answers, and goes on afterwards', async () => {
    const client = await open()
    client.socket.pause()
    const id = 'x'.repeat(64)
    for (let n = 0; n < 40_000; n++) client.send({ type: 'unsubscribe', id })
    client.socket.resume()
    await client.all('error', 40_000)
    client.send({ type: 'ping' })
    await client.next('heartbeat')
  }, 60_000)
})

describe('who may open it', () => {
  const stranger = async (options: StreamOptions = {}) => {
    const client = await StreamClient.open(server.url, options)
    clients.push(client)
    return client
  }
  const refusal = (options: StreamOptions): Promise<{ status: number; body: Heard; headers: IncomingHttpHeaders }> =>
    new Promise((resolve, reject) => {
      const socket = socketTo(server.url, options)
      socket.on('open', () => reject(new Error('it was opened')))
      socket.on('unexpected-response', (request, answer) => {
        let text = ''
        answer.on('data', part => {
          text += part
        })
        answer.on('end', () => {
          request.destroy()
          resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text), headers: answer.headers })
        })
      })
    })

  test('whoever shows a good token in the first frame', async () => {
    const client = await stranger()
    client.send({ type: 'auth', token: bearerOf(ADMIN).slice(7) }, { type: 'subscribe', id: 's' })
    expect((await client.next('welcome')).agentId).toBe('operator')
    await client.next('subscribed')
  })

  test('whoever shows a token while the server is busy, and speaks again only when it is welcome', async () => {
    const busy = mock.getter(FrameRound.prototype, 'isOver', () => true)
    try {
      const client = await stranger()
      client.send({ type: 'auth', token: bearerOf(ADMIN).slice(7) })
      await client.next('welcome')
      client.send({ type: 'subscribe', id: 's' })
      await client.next('subscribed')
    } finally {
      busy.mock.restore()
    }
  })

  test('nobody with a bad token in the first frame', async () => {
    const client = await stranger()
    client.send({ type: 'auth', token: 'a.b.c' })
    expect(await client.next('goaway')).toMatchObject({ reason: expect.any(String) })
    expect(await client.closed()).toBe(4401)
  })

  test('nobody who says something else first', async () => {
    const client = await stranger()
    client.send({ type: 'ping' })
    expect(await client.closed()).toBe(4400)
  })

  test('nobody who says nothing for five seconds', async () => {
    expect(await (await stranger()).closed()).toBe(4401)
  }, 10_000)

  test('a token is shown once', async () => {
    const client = await open()
    client.send({ type: 'auth', token: bearerOf(ADMIN).slice(7) })
    expect(await client.closed()).toBe(4400)
  })

  test('a bad token in the handshake is a 401 with a problem and a challenge', async () => {
    const { status, body, headers } = await refusal({ authorization: 'Bearer a.b.c' })
    expect([status, body.code, headers['content-type']]).toEqual([401, 'UNAUTHENTICATED', 'application/problem+json'])
    expect(headers['www-authenticate']).toContain('invalid_token')
  })

  test('a subprotocol that is not spoken here is a 400', async () => {
    const { status, body } = await refusal({ authorization: bearerOf(ADMIN), protocol: ['graphql-ws'] })
    expect([status, body.detail]).toEqual([400, expect.stringContaining('lighthouse.v1.msgpack')])
  })

  test('the first subprotocol that is spoken is taken; without one it is JSON', async () => {
    const client = await open(ADMIN, { protocol: ['graphql-ws', 'lighthouse.v1.msgpack', 'lighthouse.v1.json'] })
    expect([client.socket.protocol, (await open()).socket.protocol]).toEqual(['lighthouse.v1.msgpack', ''])
  })

  test('a page of another origin may not, one of this host may', async () => {
    const authorization = bearerOf(ADMIN)
    for (const origin of ['https://evil.example', 'null', 'not an origin']) {
      expect((await refusal({ authorization, headers: { origin } })).status).toBe(403)
    }
    const client = await open(ADMIN, { headers: { origin: server.url } })
    await client.next('welcome')
  })

  test('another path is a 404 with a problem', async () => {
    const { status, body } = await refusal({ authorization: bearerOf(ADMIN), path: '/v1/streams/live' })
    expect([status, body.code, body.instance]).toEqual([404, 'NOT_FOUND', '/v1/streams/live'])
  })

  test('who offers another protocol is answered over the one there is', async () => {
    const headers = { upgrade: 'h2c', connection: 'Upgrade', authorization: bearerOf(ADMIN) }
    const request = get(`${server.url}/v1/events`, { headers })
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    answer.resume()
    expect(answer.statusCode).toBe(200)
  })

  test('a handshake that is none of WebSocket is a 400 with a problem', async () => {
    const headers = { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-version': '13' }
    const request = get(`${server.url}/v1/stream`, { headers })
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    let text = ''
    for await (const part of answer) text += part
    expect([answer.statusCode, JSON.parse(text).code]).toEqual([400, 'BAD_HTTP'])
  })
})

describe('how it ends', () => {
  test('a revoked token closes with 4401 within five seconds, and nobody else is touched', async () => {
    const [leaver, other] = [await open(agent('leaver')), await open()]
    await leaver.next('welcome')
    const begun = Date.now()
    server.app.get(TokenVerifier, { strict: false }).revocations.add({ kind: 'agent', id: 'leaver' })
    expect(await leaver.closed()).toBe(4401)
    expect(Date.now() - begun).toBeLessThan(5_000)
    expect(leaver.heard.at(-1)).toEqual({ type: 'goaway', reason: 'The token has been revoked' })
    other.send({ type: 'ping' })
    await other.next('heartbeat')
  }, 10_000)

  test('an expired token closes with 4401', async () => {
    // Two seconds before the leeway is over.
    const client = await open(ADMIN, { authorization: bearerOf(ADMIN, Math.floor(Date.now() / 1000) - 58) })
    await client.next('welcome')
    expect(await client.closed()).toBe(4401)
    expect(client.reason).toMatch(/^The token has expired at /)
  }, 10_000)

  test('the end of the server is told; appends in hand are answered, and a client that does not read is cut off', async () => {
    const [client, stuck] = [await open(), await open()]
    stuck.send({ type: 'subscribe', id: 's' })
    await stuck.next('caughtUp')
    stuck.socket.pause()
    await append(...many(800, () => ({ data: { text: 'x'.repeat(10_000) } })))
    for (let n = 0; n < 100; n++) client.send({ type: 'append', id: `a${n}`, events: [event()] })
    await client.next('appended')
    const begun = Date.now()
    const closed = server.app.close()
    expect(await client.closed()).toBe(1001)
    await closed
    expect(Date.now() - begun).toBeLessThan(8_000)
    expect(client.heard.some(({ type }) => type === 'goaway')).toBe(true)
    const settled = client.heard.filter(({ type }) => type === 'appended' || type === 'error')
    expect(settled).toHaveLength(100)
  }, 20_000)

  test('a frame larger than 16 MiB closes with 1009', async () => {
    const client = await open()
    client.socket.send('x'.repeat(16 * 1024 * 1024 + 1))
    expect(await client.closed()).toBe(1009)
  })

  test('a quota that is used up refuses the frame and says when to come again', async () => {
    const small = await startServer([EventsModule, WebSocketModule], limitedTo({ requestsPerMinute: 5 }))
    try {
      const client = await StreamClient.open(small.url, { authorization: bearerOf(agent('busy', 'admin')) })
      for (let n = 0; n < 6; n++) client.send({ type: 'append', id: `a${n}`, events: [event()] })
      const refused = await client.all('error', 2)
      expect(refused[0]).toMatchObject({ problem: { code: 'RATE_LIMITED' }, retryAfterSeconds: expect.any(Number) })
      expect(small.app.get(Denials, { strict: false }).counts.RATE_LIMITED).toBe(2)
      client.socket.terminate()
    } finally {
      await small.stop()
    }
  })
})

describe('rarely', () => {
  test('damage ends a subscription that is about to read it, in the log and not in silence', async () => {
    await append(...many(5, n => ({ data: { text: n === 3 ? 'to be damaged' : 'sound' } })))
    const folder = server.app.get(Settings, { strict: false }).dataDir
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name)
      if (!statSync(path).isFile()) continue
      const bytes = readFileSync(path)
      const at = bytes.indexOf('to be damaged')
      if (at < 0) continue
      const file = openSync(path, 'r+')
      writeSync(file, Buffer.from('T'), 0, 1, at)
      closeSync(file)
    }
    const client = await open()
    client.send({ type: 'subscribe', id: 's', after: 0 }, { type: 'subscribe', id: 'beyond', after: 4 })
    expect(await client.next('closed', 's')).toMatchObject({
      reason: 'DATA_CORRUPT',
      position: 3,
      problem: { code: 'DATA_CORRUPT', status: 500 },
    })
    expect(positions(await client.all('event', 3, 's'))).toEqual([1, 2, 3])
    expect(positions(await client.all('event', 1, 'beyond'))).toEqual([5])
  })

  test('frames that come while a key is being fetched are kept, and handled behind the welcome', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const keys: object[] = []
    const provider = createServer((_, answer) => answer.end(JSON.stringify({ keys })))
    provider.listen(0, '127.0.0.1')
    await once(provider, 'listening')
    const { port } = provider.address() as AddressInfo
    const jwtJwksUrl = `http://127.0.0.1:${port}/`
    const other = await startServer([EventsModule, WebSocketModule], { jwtAlgorithms: ['ES256'], jwtJwksUrl })
    try {
      keys.push({ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' })
      const claims = new SignJWT({ sub: 'late', role: 'admin' }).setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      const token = await claims.setExpirationTime('1h').sign(privateKey)
      const client = await StreamClient.open(other.url)
      client.send({ type: 'auth', token }, { type: 'subscribe', id: 's' }, { type: 'ping' })
      await client.next('welcome')
      await client.next('subscribed', 's')
      await client.next('heartbeat')
      client.socket.terminate()
    } finally {
      await other.stop()
      provider.close()
    }
  })
})
