// Pages of other origins: those that are listed may ask and follow, the others are told which setting lets them in.
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
import { StreamClient, socketTo } from '../../test/support/stream-client.js'
import { ApiDocsModule } from '../api-docs/api-docs.module.js'
import { EventsModule } from '../events/events.module.js'
import { HealthModule } from '../health/health.module.js'
import { OperationsModule } from '../operations/operations.module.js'
import { WebSocketModule } from '../websocket/websocket.module.js'

const PAGE = 'http://localhost:5173'
const STRANGE = 'https://evil.example'
const MODULES = [EventsModule, OperationsModule, WebSocketModule, HealthModule, ApiDocsModule]

let server: ServerUnderTest
beforeAll(async () => {
  server = await startServer(MODULES, { corsOrigins: [PAGE], allowedHosts: ['events.example'] })
})
afterAll(() => server.stop())

const preflight = (path: string, origin: string, more: Record<string, string> = {}) =>
  fetch(server.url + path, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', ...more },
  })
const granted = ({ headers }: Response) => headers.get('access-control-allow-origin')
const listOf = (value: string | null) => (value ?? '').toLowerCase().split(', ')

test('a preflight of a listed origin is answered without a token, and lets through what clients send', async () => {
  const answer = await preflight('/v1/events', PAGE, { 'access-control-request-headers': 'authorization,if-match' })
  const names = ['allow-origin', 'allow-methods', 'allow-headers', 'max-age', 'allow-credentials']
  expect([answer.status, ...names.map(name => answer.headers.get(`access-control-${name}`))]).toEqual([
    204,
    PAGE,
    'GET, HEAD, POST, PUT, DELETE',
    'Authorization, *',
    '7200',
    null,
  ])
  expect(answer.headers.get('vary')).toBe('Origin')
  expect(answer.headers.get('ratelimit')).toBeNull()
})

test.each([STRANGE, 'http://localhost:5174', 'https://localhost:5173', 'null', 'no origin', `${PAGE}.evil.example`])(
  'a preflight of %s is told what lets it in',
  async origin => {
    const answer = await preflight('/v1/events', origin)
    const { code, detail } = await jsonOf(answer)
    expect([answer.status, code, granted(answer)]).toEqual([403, 'WRONG_ORIGIN', null])
    expect(detail).toContain('LIGHTHOUSE_CORS_ORIGINS')
    if (URL.canParse(origin)) expect(detail).toContain(origin)
  },
)

test('what is no preflight is answered as before', async () => {
  expect((await fetch(`${server.url}/v1/events`, { method: 'OPTIONS' })).status).toBe(405)
  expect((await fetch(`${server.url}/v1/events`, { method: 'OPTIONS', headers: { origin: PAGE } })).status).toBe(405)
})

test('a page of a listed origin reads its answers, refusals included, and so does one of a listed host', async () => {
  for (const origin of [PAGE, 'https://events.example', 'http://events.example:3000'])
    for (const authorization of [bearerOf(ADMIN), 'Bearer nonsense']) {
      const answer = await server.call('/v1/events', { headers: { authorization, origin } })
      expect([answer.status, granted(answer)]).toEqual([authorization === 'Bearer nonsense' ? 401 : 200, origin])
      expect(listOf(answer.headers.get('vary'))).toContain('origin')
    }
  const strange = await server.call('/v1/events', { headers: { origin: STRANGE } })
  expect([strange.status, granted(strange)]).toEqual([200, null])
  expect(granted(await server.call('/v1/events'))).toBeNull()
})

/** What every page may read, and what browsers, proxies and caches are told. */
const NOT_FOR_PAGES =
  /^(cache-control|content-(length|type)|date|connection|keep-alive|transfer-encoding|vary|accept-encoding|x-content-type-options|referrer-policy|x-accel-buffering|access-control-.+)$/

test('every header of an answer that a client looks at is one that pages may read', async () => {
  const event = { type: 'tick', stream: 'agent_ada', data: {} }
  const headers = { origin: PAGE }
  const answers = [
    await server.call('/v1/events', { json: { ...event, data: { long: 'x'.repeat(70_000) } }, headers }),
    await server.call('/v1/events', { json: event, headers: { ...headers, 'idempotency-key': 'k' } }),
    await server.call('/v1/events/async', { json: event, headers }),
    await server.call('/v1/events?limit=1', { headers }),
    await server.call('/v1/events/wait?after=0', { headers }),
    await server.call('/v1/streams/agent_ada/events?limit=1', { headers }),
    await server.call('/v1/events', { headers: { ...headers, authorization: 'Bearer nonsense' } }),
  ]
  const exposed = listOf((answers[0] as Response).headers.get('access-control-expose-headers'))
  const sent = new Set(answers.flatMap(answer => [...answer.headers.keys()]).filter(name => !NOT_FOR_PAGES.test(name)))
  expect(exposed).toEqual(expect.arrayContaining([...sent]))
  expect([...sent]).toEqual(
    expect.arrayContaining(['etag', 'link', 'location', 'lighthouse-position', 'lighthouse-warning', 'ratelimit']),
  )
  expect(exposed).toEqual(expect.arrayContaining(['retry-after', 'lighthouse-mode', 'www-authenticate']))
})

test('a page of a listed origin follows by a ticket, over server-sent events and the WebSocket', async () => {
  const made = await server.call('/v1/tickets', { method: 'POST', as: agent('ada'), headers: { origin: PAGE } })
  expect([made.status, granted(made)]).toEqual([201, PAGE])
  const { ticket } = await jsonOf(made)
  const reader = await EventSourceReader.open(`${server.url}/v1/events?ticket=${ticket}`, { origin: PAGE })
  expect(reader.headers['access-control-allow-origin']).toBe(PAGE)
  reader.close()
  const other = await jsonOf(server.call('/v1/tickets', { method: 'POST', as: agent('ada') }))
  const path = `/v1/stream?ticket=${other.ticket}`
  const client = await StreamClient.open(server.url, { path, headers: { origin: PAGE } })
  expect(await client.next('welcome')).toMatchObject({ agentId: 'ada' })
  await client.close()
})

test('the WebSocket tells a page of another origin which setting lets it in', async () => {
  const socket = socketTo(server.url, { headers: { origin: STRANGE } })
  socket.on('error', () => undefined)
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  const { status, code, detail } = JSON.parse(await text(answer))
  expect([answer.statusCode, status, code]).toEqual([403, 403, 'WRONG_ORIGIN'])
  expect(detail).toMatch(/https:\/\/evil\.example.*LIGHTHOUSE_CORS_ORIGINS/)
})

test.each(['/docs', '/openapi.json', '/livez', '/health', '/metrics', '/'])(
  '%s is for pages of the server alone',
  async path => {
    expect(granted(await fetch(server.url + path, { headers: { origin: PAGE } }))).toBeNull()
    expect(granted(await preflight(path, PAGE))).toBeNull()
  },
)

test('preflights cost an agent nothing', async () => {
  const limited = await startServer([EventsModule], { ...limitedTo({ requestsPerMinute: 1 }), corsOrigins: [PAGE] })
  for (let asked = 0; asked < 5; asked++) {
    const headers = { origin: PAGE, 'access-control-request-method': 'GET' }
    expect((await fetch(`${limited.url}/v1/events`, { method: 'OPTIONS', headers })).status).toBe(204)
  }
  expect((await limited.call('/v1/events')).status).toBe(200)
  await limited.stop()
})

test('without the setting no other origin is let in', async () => {
  const closed = await startServer([EventsModule])
  const answer = await closed.call('/v1/events', { headers: { origin: PAGE } })
  expect([answer.status, granted(answer)]).toEqual([200, null])
  await closed.stop()
})
