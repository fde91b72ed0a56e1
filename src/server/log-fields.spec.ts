// What a real server logs of requests, connections, subscriptions and appends, against the table of docs/LOGGING.md.
import { readFileSync } from 'node:fs'
import {
  ADMIN,
  bearerOf,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { StreamClient } from '../../test/support/stream-client.js'
import { EventsModule } from '../events/events.module.js'
import { GroupsModule } from '../groups/groups.module.js'
import { WebSocketModule } from '../websocket/websocket.module.js'

type Line = Readonly<Record<string, unknown>>

const lines: string[] = []
let server: ServerUnderTest

beforeAll(async () => {
  server = await startServer([EventsModule, GroupsModule, WebSocketModule], { accessLogOneIn: 3 }, lines)
})
afterAll(() => server.stop())

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`
const logged = () => lines.map(line => JSON.parse(line) as Line)
const lineOf = (message: string, facts: Line = {}) =>
  logged().find(
    line => line['message'] === message && Object.entries(facts).every(([name, value]) => line[name] === value),
  )

/** The line of an end is written a moment after the client has seen the end. */
async function soon(message: string, facts?: Line): Promise<Line> {
  for (;;) {
    const found = lineOf(message, facts)
    if (found !== undefined) return found
    await new Promise(resolve => setImmediate(resolve))
  }
}

test('a connection, its subscriptions and consumers have lines of how they began and why they ended', async () => {
  await server.call('/v1/subscriptions/workers', { method: 'PUT', json: { filter: { streams: ['s'] }, after: 0 } })
  const headers = { 'x-correlation-id': 'of-the-connection', traceparent }
  const client = await StreamClient.open(server.url, { authorization: bearerOf(ADMIN), headers })
  client.send({ type: 'subscribe', id: 'one', filter: {} }, { type: 'subscribe', id: 'two', filter: {} })
  client.send({ type: 'consume', id: 'work', subscription: 'workers' })
  await client.next('consuming')
  client.send({ type: 'unsubscribe', id: 'one' })
  await client.next('closed', 'one')
  await client.close()
  await soon('connection closed')
  const all = {
    level: 'info',
    component: 'websocket',
    agent_id: 'operator',
    correlation_id: 'of-the-connection',
    trace_id: traceId,
  }
  expect(lineOf('connection opened')).toMatchObject({ ...all, operation_type: 'connect' })
  expect(lineOf('subscription begun', { subscription: 'one' })).toMatchObject({ ...all, operation_type: 'subscribe' })
  expect(lineOf('subscription ended', { subscription: 'one' })).toMatchObject({ ...all, reason: 'unsubscribed' })
  const reason = 'the connection ended'
  expect(lineOf('subscription ended', { subscription: 'two' })).toMatchObject({
    ...all,
    reason,
    position: expect.any(Number),
  })
  expect(lineOf('consumer begun')).toMatchObject({ ...all, operation_type: 'consume', group: 'workers' })
  expect(lineOf('consumer ended')).toMatchObject({ ...all, reason })
  expect(lineOf('connection closed')).toMatchObject({ ...all, code: 1005, duration_ms: expect.any(Number) })
})

test('an append has one line at debug, over HTTP and over a socket', async () => {
  const event = { type: 'Told', stream: 'talk', data: {}, sessionId: 'session-7' }
  const answer = await server.call('/v1/events', {
    json: event,
    headers: { 'x-correlation-id': 'over-http', traceparent },
  })
  const { id } = await jsonOf(answer)
  const line = {
    level: 'debug',
    component: 'appending',
    event_id: [id],
    event_type: ['Told'],
    event_count: 1,
    agent_id: 'operator',
    session_id: 'session-7',
    trace_id: traceId,
    duplicate: false,
    duration_ms: expect.any(Number),
    size_bytes: JSON.stringify(event).length,
  }
  const appended = (correlation_id: string) => soon('event_appended', { correlation_id })
  expect(await appended('over-http')).toMatchObject({ ...line, operation_type: '/v1/events' })
  const headers = { 'x-correlation-id': 'over-a-socket' }
  const client = await StreamClient.open(server.url, { authorization: bearerOf(ADMIN), headers })
  client.send({ type: 'append', id: 'a', events: [event], traceparent })
  const { events } = await client.next('appended')
  await client.close()
  const { size_bytes: _, ...same } = line
  const over = await appended('over-a-socket')
  expect(over).toMatchObject({ ...same, event_id: [events[0].id], frame_id: 'a', operation_type: '/v1/stream' })
})

test('the line of a request names its trace', async () => {
  await server.call('/v1/events', { headers: { 'x-correlation-id': 'traced', traceparent } })
  expect(await soon('request answered', { correlation_id: 'traced' })).toMatchObject({
    level: 'info',
    agent_id: 'operator',
    operation_type: 'GET /v1/events',
    trace_id: traceId,
  })
})

test('docs/LOGGING.md lists the fields of these lines and no others', () => {
  const page = readFileSync(new URL('../../docs/LOGGING.md', import.meta.url), 'utf8')
  const listed = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name as string)
  const told = ['request answered', 'event_appended', 'connection opened', 'connection closed']
  const more = ['subscription begun', 'subscription ended', 'consumer begun', 'consumer ended']
  const seen = new Set(
    logged()
      .filter(({ message }) => [...told, ...more].includes(message as string))
      .flatMap(Object.keys),
  )
  expect(listed.toSorted()).toEqual([...seen].toSorted())
})

test('of answers alike each third has a line, and each failure has one', async () => {
  const each = async (prefix: string, path: string, count: number) => {
    for (let n = 0; n < count; n++) await server.call(path, { headers: { 'x-correlation-id': `${prefix}-${n}` } })
  }
  await each('page', '/v1/events?limit=1', 6)
  await each('none', '/v1/events/none', 3)
  await each('end', '/v1/events/none-either', 1)
  await soon('request answered', { correlation_id: 'end-0' })
  const answered = logged().filter(({ message }) => message === 'request answered')
  const written = (prefix: string) =>
    answered.filter(line => String(line['correlation_id']).startsWith(prefix)).map(line => line['correlation_id'])
  expect(written('page')).toHaveLength(2)
  expect(written('none')).toEqual(['none-0', 'none-1', 'none-2'])
})
