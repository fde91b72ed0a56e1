// What a browser opens by a ticket: server-sent streams and the WebSocket, with the rights and the end of its token.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { EventSourceReader } from '../../test/support/event-source-reader.js'
import {
  ADMIN,
  agent,
  bearerOf,
  jsonOf,
  limitedTo,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { StreamClient, type StreamOptions, socketTo } from '../../test/support/stream-client.js'
import type { Identity } from '../auth/access.js'
import { EventsModule } from '../events/events.module.js'
import { ProjectionsModule } from '../projections/projections.module.js'
import { WebSocketModule } from '../websocket/websocket.module.js'
import { OperationsModule } from './operations.module.js'

let server: ServerUnderTest
const readers: EventSourceReader[] = []
const clients: StreamClient[] = []

const start = async (more?: Parameters<typeof startServer>[1]) => {
  server = await startServer([OperationsModule, EventsModule, ProjectionsModule, WebSocketModule], more)
}
afterEach(() => {
  for (const reader of readers.splice(0)) reader.close()
  for (const client of clients.splice(0)) client.socket.terminate()
})

const ada = agent('ada')
const SSE = { accept: 'text/event-stream' }

async function ticketOf(as: Identity = ada, exp?: number): Promise<string> {
  const headers = { authorization: bearerOf(as, exp) }
  return (await jsonOf(server.call('/v1/tickets', { method: 'POST', headers }))).ticket
}

async function follow(path: string): Promise<EventSourceReader> {
  const reader = await EventSourceReader.open(server.url + path, {})
  readers.push(reader)
  return reader
}

async function open(path: string, options: StreamOptions = {}): Promise<StreamClient> {
  const client = await StreamClient.open(server.url, { path, ...options })
  clients.push(client)
  return client
}

/** The answer to a handshake that is refused. */
async function refusal(path: string, options: StreamOptions = {}) {
  const socket = socketTo(server.url, { path, ...options })
  socket.on('error', () => undefined)
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  return { status: answer.statusCode, headers: answer.headers, body: JSON.parse(await text(answer)) }
}

/** The answer to a request that shows no token besides what is in its path. */
async function asked(path: string, headers: Record<string, string> = SSE) {
  const answer = await fetch(server.url + path, { headers })
  const body = answer.status === 200 ? await answer.body?.cancel() : await jsonOf(answer)
  return { status: answer.status, headers: answer.headers, body }
}

const append = (stream: string) =>
  server.store.append({ events: [{ type: 'tick', stream, data: {} }], author: { agentId: 'writer' } })
const revoke = (id: string) => server.call('/v1/admin/revocations', { json: { kind: 'agent', id } })

describe('with plenty of everything', () => {
  beforeAll(() => start())
  afterAll(() => server.stop())

  test('a ticket is made for 30 s, and no longer than its token lasts', async () => {
    const made = await server.call('/v1/tickets', { method: 'POST', as: ada })
    const { ticket, expiresAt } = await jsonOf(made)
    expect(ticket).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - 30_000)).toBeLessThan(5_000)
    expect([made.status, made.headers.get('cache-control'), made.headers.get('referrer-policy')]).toEqual([
      201,
      'no-store',
      'no-referrer',
    ])
    const exp = Math.floor(Date.now() / 1000) - 40
    const headers = { authorization: bearerOf(ada, exp) }
    const late = await jsonOf(server.call('/v1/tickets', { method: 'POST', headers }))
    expect(Date.parse(late.expiresAt)).toBe((exp + 60) * 1000)
  })

  test('it is asked for with nothing, or an object with nothing in it', async () => {
    expect((await server.call('/v1/tickets', { json: {} })).status).toBe(201)
    const refused = await server.call('/v1/tickets', { json: { seconds: 60 } })
    expect([refused.status, (await jsonOf(refused)).errors]).toEqual([
      400,
      [{ pointer: '/seconds', detail: expect.stringContaining('is not a field') }],
    ])
    expect((await fetch(`${server.url}/v1/tickets`, { method: 'POST' })).status).toBe(401)
  })

  test('it opens server-sent events within the scope of its token, once', async () => {
    await append('public_news')
    await append('hidden')
    const ticket = await ticketOf(agent('g', 'guest'))
    const reader = await follow(`/v1/events?after=0&ticket=${ticket}`)
    await reader.until('caughtUp')
    await append('hidden')
    await append('public_news')
    const events = await reader.all('event', 2)
    expect(events.map(({ frame }) => frame.event.stream)).toEqual(['public_news', 'public_news'])
    expect(reader.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    const again = await asked(`/v1/events?after=0&ticket=${ticket}`)
    expect([again.status, again.body.code]).toEqual([401, 'UNAUTHENTICATED'])
    expect(again.body.detail).toMatch(/POST \/v1\/tickets.*after=/)
    expect(again.headers.get('www-authenticate')).toMatch(/error="invalid_token"/)
    expect(JSON.stringify(again.body)).not.toContain(ticket)
  })

  test('it opens the changes of a projection', async () => {
    const definition = {
      filter: { streams: ['*'] },
      key: 'stream',
      live: true,
      on: { tick: [{ op: 'increment', path: '/n' }] },
    }
    expect((await server.call('/v1/projections/ticks', { method: 'PUT', json: definition })).status).toBe(201)
    const reader = await follow(`/v1/projections/ticks/changes?ticket=${await ticketOf()}`)
    await reader.until('caughtUp')
  })

  test('it opens the WebSocket, which then needs no auth frame', async () => {
    const ticket = await ticketOf()
    const client = await open(`/v1/stream?ticket=${ticket}`)
    expect(await client.next('welcome')).toMatchObject({ agentId: 'ada' })
    client.send({ type: 'append', id: '1', events: [{ type: 'tick', stream: 'agent_ada', data: {} }] })
    await client.next('appended', '1')
    client.send({ type: 'append', id: '2', events: [{ type: 'tick', stream: 'other', data: {} }] })
    expect((await client.next('error', '2')).problem.code).toBe('FORBIDDEN')
    const again = await refusal(`/v1/stream?ticket=${ticket}`)
    expect([again.status, again.body.code, again.headers['www-authenticate']]).toEqual([
      401,
      'UNAUTHENTICATED',
      expect.stringContaining('invalid_token'),
    ])
  })

  test('what was opened by it ends when its token is revoked', async () => {
    const leaked = agent('leaked')
    const reader = await follow(`/v1/events?ticket=${await ticketOf(leaked)}`)
    const client = await open(`/v1/stream?ticket=${await ticketOf(leaked)}`)
    await Promise.all([reader.until('caughtUp'), client.next('welcome')])
    const unused = [await ticketOf(leaked), await ticketOf(leaked)]
    expect((await revoke('leaked')).status).toBe(201)
    expect((await reader.until('error')).frame.problem).toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(await client.closed()).toBe(4401)
    const [sse, socket] = [
      await asked(`/v1/events?ticket=${unused[0]}`),
      await refusal(`/v1/stream?ticket=${unused[1]}`),
    ]
    for (const { status, body } of [sse, socket])
      expect([status, body.detail]).toEqual([401, expect.stringContaining('revoked')])
  })

  test('what was opened by it ends when its token does', async () => {
    const exp = Math.floor(Date.now() / 1000) - 58
    const tickets = [await ticketOf(ada, exp), await ticketOf(ada, exp)]
    const reader = await follow(`/v1/events?ticket=${tickets[0]}`)
    const client = await open(`/v1/stream?ticket=${tickets[1]}`)
    expect((await reader.until('error')).frame.problem.detail).toContain('expired')
    expect(await client.closed()).toBe(4401)
  })

  test.each([
    ['a page of events', '/v1/events', { accept: 'application/json' }],
    ['lines', '/v1/events', { accept: 'application/x-ndjson' }],
    ['a wait', '/v1/events/wait', {}],
    ['one event', '/v1/events/1', SSE],
    ['who it is', '/v1/whoami', {}],
    ['metrics', '/metrics', {}],
  ])('it does not open %s, and is not used up by that', async (_, path, headers) => {
    const ticket = await ticketOf()
    const { status, body } = await asked(`${path}?ticket=${ticket}`, headers as Record<string, string>)
    expect([status, body.code, body.errors]).toEqual([
      400,
      'INVALID_REQUEST',
      [{ pointer: '/ticket', detail: expect.stringContaining('Authorization') }],
    ])
    await follow(`/v1/events?ticket=${ticket}`)
  })

  test('a ticket beside a token, or beside another ticket, is refused', async () => {
    const [one, other] = [await ticketOf(), await ticketOf()]
    const authorization = bearerOf(ada)
    for (const refused of [
      await asked(`/v1/events?ticket=${one}`, { ...SSE, authorization }),
      await asked(`/v1/events?ticket=${one}&ticket=${other}`),
      await refusal(`/v1/stream?ticket=${one}`, { authorization }),
      await refusal(`/v1/stream?ticket=${one}&ticket=${other}`),
    ])
      expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/ticket'])
    await follow(`/v1/events?ticket=${one}`)
  })
})

describe('within limits', () => {
  afterEach(() => server.stop())

  test('an agent has so many tickets at a time', async () => {
    await start(limitedTo({}, { tickets: 1 }))
    const ticket = await ticketOf()
    const refused = await server.call('/v1/tickets', { method: 'POST', as: ada })
    expect([refused.status, (await jsonOf(refused)).code]).toEqual([429, 'WORK_LIMIT'])
    expect((await server.call('/v1/tickets', { method: 'POST', as: ADMIN })).status).toBe(201)
    await follow(`/v1/events?ticket=${ticket}`)
    await ticketOf()
  })

  test('opening by a ticket is a request of its agent', async () => {
    await start(limitedTo({ requestsPerMinute: 2 }))
    const ticket = await ticketOf()
    await ticketOf()
    const refused = await asked(`/v1/events?ticket=${ticket}`)
    expect([refused.status, refused.body.code]).toEqual([429, 'RATE_LIMITED'])
  })
})
