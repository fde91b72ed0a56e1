// Server-sent events over a real server: everything that matches, from where the reader was, and then what comes.
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { EventSourceReader } from '../../test/support/event-source-reader.js'
import {
  ADMIN,
  agent,
  bearerOf,
  type Call,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { TokenVerifier } from '../auth/token-verifier.js'
import type { NewEvent } from '../contract/event.js'
import { Feed } from '../following/feed.js'
import { EventsModule } from './events.module.js'

let server: ServerUnderTest
const readers: EventSourceReader[] = []

beforeEach(async () => {
  server = await startServer([EventsModule])
})
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close()
  await server.stop()
})

const author = { agentId: 'writer' }
const event = (parts: Partial<NewEvent> = {}): NewEvent => ({ type: 'tick', stream: 'clock', data: {}, ...parts })
const append = (...events: NewEvent[]) => server.store.append({ events, author })
const many = (count: number, parts?: (n: number) => Partial<NewEvent>) =>
  Array.from({ length: count }, (_, n) => event({ data: { n }, ...parts?.(n) }))
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

async function follow(query = '', headers: Record<string, string> = {}, as = ADMIN): Promise<EventSourceReader> {
  const reader = await EventSourceReader.open(`${server.url}/v1/events${query}`, {
    authorization: bearerOf(as),
    ...headers,
  })
  readers.push(reader)
  return reader
}

test('it begins at the start, says when it has caught up, and goes on with what comes', async () => {
  await append(...many(500))
  const reader = await follow()
  expect(reader.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  await reader.until('caughtUp')
  for (let n = 0; n < 20; n++) await append(...many(10))
  const events = await reader.all('event', 700)
  expect(events.map(({ id }) => Number(id))).toEqual(range(1, 700))
  const { events: read } = await jsonOf(server.call('/v1/events?limit=1'))
  expect(events[0]?.frame).toEqual({ type: 'event', event: read[0] })
})

test('Last-Event-ID goes on behind a position, whatever the parameters say', async () => {
  await append(...many(20, n => ({ type: n % 2 === 0 ? 'even' : 'odd' })))
  const reader = await follow('?after=2&type=odd', { 'last-event-id': '12' })
  expect((await reader.all('event', 4)).map(({ id }) => Number(id))).toEqual([14, 16, 18, 20])
})

test('it begins at a time', async () => {
  await append(...many(5))
  // Events of one millisecond share their time.
  for (const then = Date.now(); Date.now() <= then + 1; ) await new Promise(setImmediate)
  const { timestamp } = (await append(event())).events[0] as { timestamp: string }
  await append(...many(3))
  const reader = await follow(`?since=${timestamp}`)
  expect((await reader.all('event', 4)).map(({ id }) => Number(id))).toEqual([6, 7, 8, 9])
})

test.each(['limit=1', 'order=asc', 'before=9', 'until=2030-01-01T00:00:00Z', 'cursor=AQ', 'stream=%20', 'since=soon'])(
  'a stream without end takes no %s',
  async query => {
    const answer = await server.call(`/v1/events?${query}`, { headers: { accept: 'text/event-stream' } })
    expect([answer.status, (await jsonOf(answer)).code]).toEqual([400, 'INVALID_REQUEST'])
  },
)

test('a Last-Event-ID that is no position is a mistake', async () => {
  const headers = { accept: 'text/event-stream', 'last-event-id': 'x' }
  expect((await server.call('/v1/events', { headers })).status).toBe(400)
})

test('a position that this log has not reached is one of another log, and is not waited for', async () => {
  const headers = { accept: 'text/event-stream' }
  for (const answer of [
    await server.call('/v1/events', { headers: { ...headers, 'last-event-id': '7' } }),
    await server.call('/v1/events?after=7', { headers }),
  ]) {
    expect([answer.status, await jsonOf(answer)]).toMatchObject([400, { errors: [{ pointer: '/after' }] }])
  }
})

test('what a token may not read does not exist in its stream', async () => {
  await append(event({ stream: 'public_a' }), event({ stream: 'secret' }), event({ stream: 'public_b' }))
  const reader = await follow('', {}, agent('guest-1', 'guest'))
  await append(event({ stream: 'secret' }), event({ stream: 'public_c' }))
  expect((await reader.all('event', 3)).map(({ id }) => Number(id))).toEqual([1, 3, 5])
})

test('a reader that pauses is served from the log when it goes on, and misses nothing', async () => {
  const reader = await follow()
  await reader.until('caughtUp')
  reader.pause()
  const { counts, recent } = server.app.get(Feed, { strict: false })
  const data = { text: 'x'.repeat(20_000) }
  // The system's buffers take what they take: the reader is behind once the window has left what it was sent last.
  let appended = 0
  for (; recent.reaches(counts.delivered) && appended < 10_000; appended += 100)
    await append(...many(100, () => ({ data })))
  reader.resume()
  const events = await reader.all('event', appended)
  expect(events.map(({ id }) => Number(id))).toEqual(range(1, appended))
  expect(counts.fellBehind).toBeGreaterThan(0)
  await reader.until('fellBehind')
  await reader.until('caughtUp')
}, 60_000)

test('a revoked token ends it, with the problem as its last word', async () => {
  const reader = await follow('', {}, agent('leaver', 'admin'))
  await reader.until('caughtUp')
  server.app.get(TokenVerifier, { strict: false }).revocations.add({ kind: 'agent', id: 'leaver' })
  expect((await reader.until('error')).frame).toMatchObject({ problem: { code: 'UNAUTHENTICATED', status: 401 } })
  await reader.ended()
})

test('the end of the server is told, and a reader that has stopped reading does not hold it up', async () => {
  const [reader, stuck] = [await follow(), await follow()]
  stuck.pause()
  await append(...many(600, () => ({ data: { text: 'x'.repeat(10_000) } })))
  await reader.all('event', 600)
  const closed = server.app.close()
  expect((await reader.until('goaway')).frame).toEqual({ type: 'goaway', reason: expect.any(String) })
  await Promise.all([reader.ended(), closed])
})

test('HEAD is answered, and follows nothing', async () => {
  const call: Call = { method: 'HEAD', headers: { accept: 'text/event-stream' } }
  const answer = await server.call('/v1/events', call)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  expect(server.app.get(Feed, { strict: false }).open).toBe(0)
})

test('a reader that leaves is not followed for', async () => {
  const feed = server.app.get(Feed, { strict: false })
  const request = get(`${server.url}/v1/events`, {
    headers: { authorization: bearerOf(ADMIN), accept: 'text/event-stream' },
  })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  await once(answer, 'data')
  expect(feed.open).toBe(1)
  request.destroy()
  while (feed.open > 0) await new Promise(setImmediate)
})
