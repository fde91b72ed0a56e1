// What one agent may hold open, given back on every end, and what becomes of it when its token is revoked meanwhile.
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { mock } from 'node:test'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import {
  ADMIN,
  agent,
  bearerOf,
  jsonOf,
  limitedTo,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { TokenVerifier } from '../auth/token-verifier.js'
import { WorkBudgets } from '../auth/work-budgets.js'
import type { Work } from '../contract/work-limits.js'
import { Feed } from '../following/feed.js'
import { EventsModule } from './events.module.js'

const ADA = agent('ada')
const LINES = { accept: 'application/x-ndjson' }
const SSE = { accept: 'text/event-stream' }

let server: ServerUnderTest

beforeEach(async () => {
  const few = limitedTo({}, { waits: 2, openReads: 2, subscriptions: 3, wideSubscriptions: 1, costlyReads: 2 })
  server = await startServer([EventsModule], few)
})
afterEach(() => server.stop())

async function append(count: number, chars = 10): Promise<void> {
  const events = Array.from({ length: count }, (_, n) => ({
    type: 'T',
    stream: `s${n}`,
    data: { t: 'x'.repeat(chars) },
  }))
  await server.store.append({ events, author: { agentId: 'writer' } })
}

const held = (work: Work) => server.app.get(WorkBudgets, { strict: false }).heldBy('ada', work)

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate)
}

/** An answer nobody reads. */
async function opened(path: string, headers: object): Promise<IncomingMessage> {
  const request = get(server.url + path, { headers: { ...headers, authorization: bearerOf(ADA) } })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  answer.on('error', () => undefined)
  return answer
}

async function refusal(path: string, headers: Record<string, string> = {}): Promise<unknown> {
  const answer = await server.call(path, { as: ADA, headers })
  return [answer.status, (await jsonOf(answer)).code, answer.headers.get('retry-after')]
}

const TOO_MUCH = [429, 'WORK_LIMIT', '1']

test('waits are counted until they are answered, given up, or left', async () => {
  const leaving = new AbortController()
  const left = server.call('/v1/events/wait?type=N&timeout=50', { as: ADA, signal: leaving.signal }).catch(() => 'left')
  const answered = server.call('/v1/events/wait?type=T&timeout=50', { as: ADA })
  await until(() => held('waits') === 2)
  expect(await refusal('/v1/events/wait?type=T')).toEqual(TOO_MUCH)
  expect((await server.call('/v1/events/wait?type=T&timeout=0', { as: ADMIN })).status).toBe(204)
  leaving.abort()
  await append(1)
  expect([await left, (await answered).status]).toEqual(['left', 200])
  await until(() => held('waits') === 0)
  expect((await server.call('/v1/events/wait?type=T&timeout=0.01', { as: ADA })).status).toBe(204)
  expect(held('waits')).toBe(0)
})

test('a wait whose caller left while its token was looked at is given back at once', async () => {
  const verifier = server.app.get(TokenVerifier, { strict: false })
  const budgets = server.app.get(WorkBudgets, { strict: false })
  const key = Promise.withResolvers<void>()
  const verify = mock.method(verifier, 'verify')
  verify.mock.mockImplementationOnce(async (...asked) => {
    await key.promise
    return verifier.verify(...asked)
  })
  const takeAll = mock.method(budgets, 'takeAll')
  let closed = false
  server.app.getHttpServer().once('connection', (socket: Socket) => socket.once('close', () => (closed = true)))
  const leaving = new AbortController()
  const left = server.call('/v1/events/wait?type=N&timeout=50', { as: ADA, signal: leaving.signal }).catch(() => 'left')
  await until(() => verify.mock.callCount() > 0)
  leaving.abort()
  await until(() => closed)
  key.resolve()
  await until(() => takeAll.mock.callCount() > 0)
  await until(() => held('waits') === 0)
  expect(await left).toBe('left')
})

test('a wait that names nothing exactly counts as a wide subscription too, and holds neither when it is refused', async () => {
  const wide = server.call('/v1/events/wait?stream=s*&timeout=50', { as: ADA })
  await until(() => held('wideSubscriptions') === 1)
  expect(await refusal('/v1/events/wait?stream=s*')).toEqual(TOO_MUCH)
  expect(await refusal('/v1/events', SSE)).toEqual(TOO_MUCH)
  expect([held('waits'), held('subscriptions')]).toEqual([1, 0])
  await append(1)
  expect((await wide).status).toBe(200)
  await until(() => held('wideSubscriptions') === 0)
})

test('lines that nobody reads are counted until their reader leaves, and hold few of the events', async () => {
  for (let n = 0; n < 20; n++) await append(1_000, 1_000)
  const [one] = [await opened('/v1/events', LINES), await opened('/v1/events', LINES)]
  expect([held('openReads'), await refusal('/v1/events', LINES)]).toEqual([2, TOO_MUCH])
  one?.destroy()
  await until(() => held('openReads') === 1)
  const short = await server.call('/v1/events?limit=3', { as: ADA, headers: LINES })
  expect((await short.text()).split('\n')).toHaveLength(5)
  await until(() => held('openReads') === 1)
  expect(await refusal('/v1/events?after=-1', LINES)).toEqual([400, 'INVALID_REQUEST', null])
  expect(held('openReads')).toBe(1)
})

test('server-sent streams are counted until they are left', async () => {
  const all = [await opened('/v1/events?type=T', SSE), await opened('/v1/events?type=T', SSE)]
  all.push(await opened('/v1/events', SSE))
  expect([held('subscriptions'), held('wideSubscriptions')]).toEqual([3, 1])
  expect(await refusal('/v1/events?type=T', SSE)).toEqual(TOO_MUCH)
  for (const answer of all) answer.destroy()
  await until(() => held('subscriptions') === 0 && held('wideSubscriptions') === 0)
  const head = await server.call('/v1/events', { as: ADA, headers: SSE, method: 'HEAD' })
  expect(head.status).toBe(200)
  await until(() => held('subscriptions') === 0)
})

test('a wait that began before its token was revoked is not told what came behind it', async () => {
  const waiting = server.call('/v1/events/wait?type=T&timeout=50', { as: ADA })
  await until(() => held('waits') === 1)
  server.app.get(TokenVerifier, { strict: false }).revocations.add({ kind: 'agent', id: 'ada' })
  await append(1)
  const answer = await waiting
  expect([answer.status, answer.headers.get('www-authenticate')]).toMatchObject([
    401,
    expect.stringContaining('revoked'),
  ])
  expect(await jsonOf(answer)).toMatchObject({ code: 'UNAUTHENTICATED' })
})

test('lines and server-sent events that go on end within seconds of a revocation, whether they are read or not', async () => {
  for (let n = 0; n < 20; n++) await append(1_000, 1_000)
  const [read] = [await opened('/v1/events', LINES), await opened('/v1/events', LINES)]
  const followed = await opened('/v1/events?type=T&after=20000', SSE)
  server.app.get(TokenVerifier, { strict: false }).revocations.add({ kind: 'agent', id: 'ada' })
  followed.setEncoding('utf8')
  let told = ''
  for await (const chunk of followed) told += chunk
  expect(told).toContain('UNAUTHENTICATED')
  // Only now: until then it had stopped reading.
  read?.setEncoding('utf8')
  let tail = ''
  for await (const chunk of read as IncomingMessage) tail = (tail + chunk).slice(-2_000)
  expect(tail).toContain('"code":"UNAUTHENTICATED"')
  await until(() => held('openReads') === 0 && held('subscriptions') === 0)
})

test('nine hundred who wait for what nobody appends are not asked when others append', async () => {
  const feed = server.app.get(Feed, { strict: false })
  const patience = new AbortController()
  const filter = { types: ['Never'], streams: ['s*'] }
  const waits = Array.from({ length: 900 }, () => feed.wake(filter, 0, patience.signal))
  await append(10)
  await until(() => feed.recent.end === 10)
  expect(feed.asked).toBe(0)
  patience.abort()
  await Promise.all(waits)
})

test.each([
  ['stream', 256],
  ['type', 128],
])('more characters of patterns than a filter may have are refused by name: %s', async (name, chars) => {
  const pattern = encodeURIComponent(`*${'a'.repeat(chars - 1)}`)
  const query = Array.from({ length: 8_192 / chars + 1 }, () => `${name}=${pattern}`).join('&')
  const answer = await server.call(`/v1/events?${query}`, { as: ADA })
  expect([answer.status, (await jsonOf(answer)).errors]).toMatchObject([400, [{ pointer: `/${name}` }]])
})
