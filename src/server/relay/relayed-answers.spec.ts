// Proves that a client cannot tell a relayed answer from the same answer of the writer itself, byte by byte.
import { expect, test } from '@jest/globals'
import { ADMIN, agent, bearerOf } from '../../../test/support/http-server-under-test.js'
import { exchangeBytes, type RelayedServer, startRelayedServer } from '../../../test/support/relayed-server.js'
import { ApiDocsModule } from '../../api-docs/api-docs.module.js'
import { AppModule } from '../../app.module.js'
import { LIMITS } from '../../contract/limits.js'
import { ModeHolder } from '../../degradation/mode-holder.js'
import { FIRST_MODE } from '../../degradation/next-mode.js'

const PAGE = 'http://localhost:5173'

let server: RelayedServer
beforeAll(async () => {
  const settings = { corsOrigins: [PAGE], allowedHosts: ['events.example'] }
  server = await startRelayedServer({ writer: [AppModule, ApiDocsModule], settings })
  const { call } = server.writer
  const event = { type: 'task.opened', stream: 'tasks', data: { task: 'T-17', title: 'Build it – now' }, tags: ['t:1'] }
  for (let n = 0; n < 3; n++) await call('/v1/events', { json: event })
})
afterAll(() => server.stop())

const JSON_TYPE = 'content-type: application/json'
const AS_ADMIN = `authorization: ${bearerOf(ADMIN)}`
const AS_AGENT = `authorization: ${bearerOf(agent('builder-1'))}`
const AS_GUEST = `authorization: ${bearerOf(agent('reader-1', 'guest'))}`
const PREFLIGHT = ['access-control-request-method: POST', 'access-control-request-headers: content-type']

interface Asked {
  readonly ask: string
  readonly fields?: readonly string[]
  readonly as?: string | undefined
  readonly json?: unknown
  readonly body?: string
  /** Its figures are others each time. */
  readonly isNew?: boolean
  /** Of an answer that is another each time only the head is compared. */
  readonly onlyHead?: boolean
}

const PROJECTION = {
  filter: { streams: ['tasks'] },
  on: { 'task.opened': [{ op: 'set', path: '/t', from: 'data.task' }] },
}
const EVENT = { type: 'task.done', stream: 'of-TWIN_X', data: { done: true } }
const GROUP = { filter: { types: ['task.opened'] }, after: 'start' }

/** TWIN_X is another word of the same length for each of the two. */
const GOOD: readonly Asked[] = [
  { ask: 'GET /' },
  { ask: 'GET /', fields: ['accept: text/html'] },
  { ask: 'GET /livez', as: undefined },
  { ask: 'HEAD /livez' },
  { ask: 'GET /readyz' },
  { ask: 'GET /health', isNew: true },
  { ask: 'GET /health/detailed', onlyHead: true },
  { ask: 'GET /metrics', onlyHead: true },
  { ask: 'GET /problems' },
  { ask: 'GET /problems/NOT_FOUND' },
  { ask: 'GET /openapi.json' },
  { ask: 'HEAD /asyncapi.json' },
  { ask: 'GET /docs' },
  { ask: 'GET /docs/swagger-ui.css' },
  { ask: 'GET /v1/whoami' },
  { ask: 'GET /v1/events?limit=2' },
  { ask: 'HEAD /v1/events?limit=2' },
  { ask: 'GET /v1/events?limit=2', fields: ['accept: application/msgpack'] },
  { ask: 'GET /v1/events?stream=tasks&limit=2', fields: ['accept: application/x-ndjson'] },
  { ask: 'HEAD /v1/events', fields: ['accept: text/event-stream'] },
  { ask: 'GET /v1/events?stream=tasks', fields: ['accept: application/cloudevents-batch+json'] },
  { ask: 'GET /v1/events/1' },
  { ask: 'GET /v1/events/wait?after=0&stream=tasks', onlyHead: true },
  { ask: 'GET /v1/streams', fields: [`origin: ${PAGE}`], isNew: true },
  { ask: 'GET /v1/streams/tasks' },
  { ask: 'GET /v1/streams/tasks/events' },
  { ask: 'GET /v1/streams/tasks/state' },
  { ask: 'GET /v1/export?after=1', onlyHead: true },
  { ask: 'GET /v1/admin/status', onlyHead: true },
  { ask: 'GET /v1/admin/mode' },
  { ask: 'GET /v1/admin/service-levels', isNew: true },
  { ask: 'GET /v1/admin/reconciliations' },
  { ask: 'GET /v1/admin/alerts' },
  { ask: 'GET /v1/admin/silences' },
  { ask: 'GET /v1/admin/revocations' },
  { ask: 'GET /v1/snapshots' },
  { ask: 'GET /v1/upcasters' },
  { ask: 'GET /v1/projections' },
  { ask: 'POST /v1/events/query', json: { where: { type: 'task.opened' } }, isNew: true },
  { ask: 'POST /v1/replay', json: { filter: { streams: ['tasks'] } }, isNew: true },
  { ask: 'POST /v1/events', json: EVENT, isNew: true },
  { ask: 'POST /v1/events/batch', json: { events: [EVENT, EVENT] }, isNew: true },
  { ask: 'POST /v1/events/async', json: EVENT, isNew: true },
  { ask: 'PUT /v1/projections/of-TWIN_X', json: PROJECTION, isNew: true },
  { ask: 'GET /v1/projections/of-TWIN_X/state', isNew: true },
  { ask: 'DELETE /v1/projections/of-TWIN_X', isNew: true },
  { ask: 'PUT /v1/subscriptions/of-TWIN_X', json: GROUP, isNew: true },
  { ask: 'POST /v1/subscriptions/of-TWIN_X/take?max=1', isNew: true },
  { ask: 'POST /v1/tickets', json: {}, onlyHead: true },
  { ask: 'OPTIONS /v1/events', as: undefined, fields: [`origin: ${PAGE}`, ...PREFLIGHT] },
  { ask: 'POST /v1/admin/alerts/test', isNew: true },
]

const BAD: readonly Asked[] = [
  { ask: 'GET /nowhere' },
  { ask: 'HEAD /nowhere', as: undefined },
  { ask: 'GET /v1/streams/a/b/events' },
  { ask: 'DELETE /v1/events' },
  { ask: 'PATCH /v1/whoami', json: {} },
  { ask: 'TRACE /livez' },
  { ask: 'PROPFIND /v1/events', json: {} },
  { ask: 'OPTIONS /v1/events', as: undefined, fields: ['origin: https://evil.example', ...PREFLIGHT] },
  { ask: 'GET /v1/whoami', as: undefined },
  { ask: 'GET /v1/whoami', as: 'authorization: Bearer nonsense' },
  { ask: 'GET /v1/whoami', fields: [AS_AGENT] },
  { ask: 'GET /v1/whoami', fields: ['host: evil.example'] },
  { ask: 'GET /v1/admin/mode', as: AS_GUEST },
  { ask: 'GET /v1/events/nothing-like-it' },
  { ask: 'GET /v1/events?limit=many' },
  { ask: 'GET /v1/events', fields: ['accept: image/png'] },
  { ask: 'GET /v1/events?ticket=none' },
  { ask: 'POST /v1/events', json: { type: '', stream: 7 } },
  { ask: 'POST /v1/events', fields: [JSON_TYPE], body: '{"type": ' },
  { ask: 'POST /v1/events', fields: ['content-type: text/plain'], body: 'hello' },
  { ask: 'POST /v1/events', fields: [JSON_TYPE, 'content-encoding: gzip'], body: '{}' },
  { ask: 'POST /v1/events', fields: [JSON_TYPE, 'content-length: 999999999'] },
  { ask: 'POST /v1/events/query', as: undefined, json: { filter: {} } },
  { ask: 'GET /v1/subscriptions/nobodys' },
  { ask: 'GET /%zz' },
  { ask: `GET /${'x'.repeat(900)}` },
  { ask: 'GET /v1/whoami', fields: ['x-correlation-id: with a blank'], isNew: true },
]

const RUDE: Readonly<Record<string, string>> = {
  'no Host': 'GET /v1/whoami HTTP/1.1\r\nConnection: close\r\n\r\n',
  'HTTP/1.0': `GET /v1/whoami HTTP/1.0\r\n${AS_ADMIN}\r\n\r\n`,
  'two Hosts': 'GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
  'an expectation that nobody knows':
    'GET /livez HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\nConnection: close\r\n\r\n',
  'a continuation that is waited for': `POST /v1/events HTTP/1.1\r\nHost: localhost\r\n${JSON_TYPE}\r\n${AS_ADMIN}\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
  'a chunked body': `POST /v1/events HTTP/1.1\r\nHost: localhost\r\n${JSON_TYPE}\r\n${AS_ADMIN}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  'a chunk that is none': `POST /v1/events HTTP/1.1\r\nHost: localhost\r\n${JSON_TYPE}\r\n${AS_ADMIN}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
  'a body on a GET': 'GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello',
  'another protocol': 'GET /livez HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n',
  'fields in any case, twice':
    'GET /v1/whoami HTTP/1.1\r\nhOST: localhost\r\nX-A: 1\r\nx-a: 2\r\nCookie: a\r\nCookie: b\r\nConnection: close\r\n\r\n',
  'a socket’s path without a socket':
    'GET /v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\nGET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  'two requests at once':
    'GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\nGET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
}

function bytesOf({ ask, fields = [], json, body = json === undefined ? '' : JSON.stringify(json), ...rest }: Asked) {
  const as = 'as' in rest ? rest.as : AS_ADMIN
  const types = json === undefined ? [] : [JSON_TYPE]
  const has = (name: string) => fields.some(field => field.startsWith(`${name}:`))
  const all = [
    ...(has('host') ? [] : ['host: localhost']),
    ...(has('x-correlation-id') ? [] : ['x-correlation-id: asked-by-test']),
    ...(body === '' || has('content-length') ? [] : [`content-length: ${Buffer.byteLength(body)}`]),
    ...(as === undefined ? [] : [as]),
    ...types,
    ...fields,
    'connection: close',
  ]
  return `${ask} HTTP/1.1\r\n${all.map(field => `${field}\r\n`).join('')}\r\n${body}`
}

/** Without what is another in two answers of one server. */
function comparable(answer: string, { isNew = false, onlyHead = false }: Partial<Asked> = {}): string {
  const shown = answer
    .replaceAll(/^Date: .*$/gim, 'Date: now')
    .replaceAll(/twin_[ab]/g, 'twin')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9a-f]{32,64}|[0-9A-HJKMNP-TV-Z]{26}/g, 'id')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')
    .replaceAll(/^(ratelimit: ).*$/gim, '$1some')
  if (onlyHead)
    return shown.slice(0, shown.indexOf('\r\n\r\n')).replaceAll(/content-length: \d+/gi, 'content-length: some')
  return isNew ? shown.slice(12).replaceAll(/[\d.]+/g, '#') : shown
}

async function compare(bytes: string, asked?: Asked): Promise<string> {
  const direct = await exchangeBytes(server.writer.url, bytes.replaceAll('TWIN_X', 'twin_a'))
  const relayed = await exchangeBytes(server.front.url, bytes.replaceAll('TWIN_X', 'twin_b'))
  expect(comparable(relayed, asked)).toBe(comparable(direct, asked))
  expect(relayed.slice(0, 12)).toBe(direct.slice(0, 12))
  return relayed.slice(9, 12)
}

test.each(GOOD)('what is asked well is answered as by the writer: $ask $fields', async asked => {
  expect(Number(await compare(bytesOf(asked), asked))).toBeLessThan(400)
})

test.each(BAD)('what is asked badly is refused as by the writer: $ask $fields $body', async asked => {
  expect(Number(await compare(bytesOf(asked), asked))).toBeGreaterThanOrEqual(asked.isNew ? 200 : 400)
})

test.each(Object.keys(RUDE))('a rude request is answered as by the writer: %s', async name => {
  expect(await compare(RUDE[name] as string)).not.toBe('')
})

test('a body that is too large is refused while it comes, as by the writer', async () => {
  const head = `POST /v1/events HTTP/1.1\r\nHost: localhost\r\n${JSON_TYPE}\r\n${AS_ADMIN}\r\nTransfer-Encoding: chunked\r\n\r\n`
  const size = LIMITS.bodyBytes + 1
  expect(await compare(`${head}${size.toString(16)}\r\n${' '.repeat(size)}\r\n0\r\n\r\n`)).toBe('413')
})

test('the mode of the service stands once on a relayed answer, as on those of the writer', async () => {
  const mode = server.writer.app.get(ModeHolder, { strict: false })
  mode.enter({ ...FIRST_MODE, mode: 'WARNING' }, 'a test says so')
  try {
    const bytes = bytesOf({ ask: 'GET /livez' })
    await compare(bytes)
    expect((await exchangeBytes(server.front.url, bytes)).match(/lighthouse-mode: WARNING/gi)).toHaveLength(1)
  } finally {
    mode.enter(FIRST_MODE, '')
  }
})
