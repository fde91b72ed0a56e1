// Where to begin is said and refused in one way, whatever reads: subscriptions, groups, replays, and every route that takes a position.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { IndexModule } from '../../src/indexing/indexing.module.js'
import { modulesUnderTest } from '../leaks/twin.js'
import { ADMIN, agent, bearerOf, jsonOf, type ServerUnderTest, startServer } from '../support/http-server-under-test.js'
import { StreamClient } from '../support/stream-client.js'

const NARROW = agent('narrow', 'agent', {
  'events.read': ['open'],
  'streams.subscribe': ['open'],
  'subscriptions.manage': ['open'],
})

let server: ServerUnderTest
let hidden: string
beforeAll(async () => {
  server = await startServer([IndexModule, ...modulesUnderTest()])
  const author = { agentId: 'writer' }
  const named = (stream: string) => ({ type: 'Noted', stream, data: {} })
  await server.store.append({ events: ['open', 'open', 'open'].map(named), author })
  const { events } = await server.store.append({ events: [named('secret')], author })
  hidden = (events[0] as { id: string }).id
})
afterAll(() => server.stop())

/** The position that each surface begins behind, or its problem. */
type Begin = (after: unknown, as?: typeof ADMIN) => Promise<unknown>

interface Problem {
  readonly status: number
  readonly code: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

const refusal = ({ status, code, errors = [] }: Problem) => ({ status, code, errors })

const subscription: Begin = async (after, as = ADMIN) => {
  const client = await StreamClient.open(server.url, { authorization: bearerOf(as) })
  client.send({ type: 'subscribe', id: 's', after })
  while (!client.heard.some(({ id }) => id === 's')) await client.more()
  const answer = client.heard.find(({ id }) => id === 's')
  client.socket.terminate()
  return answer?.type === 'error' ? refusal(answer['problem']) : answer?.['position']
}

let groups = 0
const group: Begin = async (after, as = ADMIN) => {
  const path = `/v1/subscriptions/g${++groups}`
  const { start, ...problem } = await jsonOf(server.call(path, { as, method: 'PUT', json: { after } }))
  return start ?? refusal(problem)
}

/** Nothing is told of where a replay began, but how many of the three events lie behind. */
const replay: Begin = async (after, as = ADMIN) => {
  const filter = { streams: ['open'] }
  const { state, ...problem } = await jsonOf(
    server.call('/v1/replay', { as, json: { after, filter, reducer: 'count' } }),
  )
  return state === undefined ? refusal(problem) : 3 - state.total
}

const RULE = 'must be a position, an event id, an RFC 3339 time, "start" or "head"'
const invalid = (detail: string) => ({
  status: 400,
  code: 'INVALID_REQUEST',
  errors: [{ pointer: '/after', detail }],
})
const unknown = {
  status: 404,
  code: 'NOT_FOUND',
  errors: [{ pointer: '/after', detail: 'is the id of no event, or of one that the token may not read' }],
}

describe.each([
  ['a subscription', subscription],
  ['a consumer group', group],
  ['a replay', replay],
])('%s', (_, begin) => {
  test('begins behind a position, as a number and as decimal text, at the start and at the head', async () => {
    expect([await begin(2), await begin('2'), await begin('start')]).toEqual([2, 2, 0])
    expect(await begin('head')).toBeGreaterThanOrEqual(3)
  })

  test.each(['soon', -1, 1.5, '1e3', '-1', {}, [], true])('refuses %j by the one rule', async after => {
    expect(await begin(after)).toEqual(invalid(RULE))
  })

  test('refuses a position beyond the head', async () => {
    expect(await begin(999_999)).toMatchObject({
      status: 400,
      code: 'INVALID_REQUEST',
      errors: [{ pointer: '/after', detail: expect.stringMatching(/^lies beyond the head, which is \d+: /) }],
    })
  })

  test('does not know the id of no event, nor that of an event the token may not read', async () => {
    expect(await begin('1790000000000000000_0_nobody')).toEqual(unknown)
    expect(await begin(hidden, NARROW)).toEqual(unknown)
  })
})

const LINES = { accept: 'application/x-ndjson' }
const EVENTS = { accept: 'text/event-stream' }
const QUERY = { where: { field: 'type', op: 'exists' } }

/** Every read that begins behind a position or reaches up to one, with the pointer by which it is refused. */
const READS: Readonly<Record<string, readonly [path: string, pointer: string, headers?: object]>> = {
  'a page': ['/v1/events?after=999999', '/after'],
  'a page, newest first': ['/v1/events?after=999999&order=desc', '/after'],
  'lines of events': ['/v1/events?after=999999', '/after', LINES],
  'server-sent events': ['/v1/events?after=999999', '/after', EVENTS],
  'server-sent events that go on': ['/v1/events', '/after', { ...EVENTS, 'last-event-id': '999999' }],
  'a wait': ['/v1/events/wait?after=999999&timeout=0', '/after'],
  'a story': ['/v1/correlations/story?after=999999', '/after'],
  'an export': ['/v1/export?after=999999', '/after', LINES],
  'what is parked': ['/v1/subscriptions/beyond/parked?after=999999', '/after'],
  'the state of a stream': ['/v1/streams/open/state?at=999999', '/at'],
  'the state of a projection': ['/v1/projections/beyond/state?at=999999', '/at'],
  'the keys of a projection': ['/v1/projections/beyond/keys?at=999999', '/at'],
}

test('a time zone whose plus was read as a space is said to be that', async () => {
  const answer = server.call('/v1/streams/open/state?at=2026-01-31T12:00:00+01:00')
  expect(await jsonOf(answer)).toMatchObject({
    status: 400,
    errors: [
      { pointer: '/at', detail: `${RULE}; the + of its time zone has become a space: in an address, write + as %2B` },
    ],
  })
})

describe('a position beyond the head', () => {
  beforeAll(async () => {
    const correlationId = 'story'
    const author = { agentId: 'writer', correlationId }
    await server.store.append({ events: [{ type: 'Noted', stream: 'open', data: {} }], author })
    await server.call('/v1/subscriptions/beyond', { method: 'PUT', json: {} })
    const json = { key: 'stream', on: { Noted: [{ op: 'increment', path: '/n' }] } }
    await server.call('/v1/projections/beyond', { method: 'PUT', json })
  })

  test.each(Object.entries(READS))('is refused by %s', async (_, [path, pointer, headers]) => {
    const answer = await server.call(path, { headers: { ...headers } })
    const { errors } = await jsonOf(answer)
    expect([answer.status, errors]).toEqual([
      400,
      [{ pointer, detail: expect.stringMatching(/^lies beyond the head, which is \d+: .* before a restore$/) }],
    ])
  })

  test('as the head itself is not', async () => {
    const head = server.store.head()
    const page = await jsonOf(server.call(`/v1/events?after=${head}`))
    expect(page.events).toEqual([])
    expect((await server.call(`/v1/events/wait?after=${head}&timeout=0`)).status).toBe(204)
  })

  test('is no event, and a read may end before it', async () => {
    expect((await server.call('/v1/events/999999')).status).toBe(404)
    expect((await server.call('/v1/events?before=999999&limit=1')).status).toBe(200)
  })

  test('is refused where a cursor holds it', async () => {
    const { next } = await jsonOf(server.call('/v1/events?limit=1'))
    const { next: sorted } = await jsonOf(server.call('/v1/events/query', { json: { ...QUERY, limit: 1 } }))
    const restored = await startServer([IndexModule, ...modulesUnderTest()])
    try {
      const page = restored.call(`/v1/events?limit=1&cursor=${next}`)
      const query = restored.call('/v1/events/query', { json: { ...QUERY, limit: 1, cursor: sorted } })
      for (const answer of await Promise.all([page, query])) {
        const { errors } = await jsonOf(answer)
        expect([answer.status, errors]).toEqual([
          400,
          [{ pointer: '/cursor', detail: expect.stringMatching(/lies beyond the head, which is \d+: /) }],
        ])
      }
    } finally {
      await restored.stop()
    }
  })

  test('as a revision is refused by the stream, but for the one that comes next', async () => {
    const read = (from: number, order = 'asc') => server.call(`/v1/streams/open/events?from=${from}&order=${order}`)
    const { revision } = await jsonOf(read(0))
    expect((await jsonOf(read(revision + 1))).events).toEqual([])
    const answer = await read(revision + 2)
    const detail = `lies beyond the end of the stream, whose revision is ${revision}: it is a revision of another log, or of this one before a restore`
    expect([answer.status, (await jsonOf(answer)).errors]).toEqual([400, [{ pointer: '/from', detail }]])
    expect((await read(revision + 2, 'desc')).status).toBe(200)
  })
})
