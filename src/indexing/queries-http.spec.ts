// Queries over HTTP: pages, orders, fields, budgets, and what a caller may not see.
import {
  agent,
  type Call,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import type { NewEvent } from '../contract/event.js'
import { decodeMessagePack } from '../wire/message-pack.js'
import { encoded } from '../wire/negotiation.js'
import { IndexModule } from './indexing.module.js'
import { Queries } from './queries.service.js'
import { SCAN_BUDGET } from './query-limits.js'

let server: ServerUnderTest
beforeEach(async () => {
  server = await startServer([IndexModule])
})
afterEach(() => server.stop())

const query = (json: object, options: Call = {}) => server.call('/v1/events/query', { json, ...options })
const answer = (json: object, options?: Call) => jsonOf(query(json, options))
const append = (...events: NewEvent[]) => server.store.append({ events, author: { agentId: 'writer' } })
const done = (data: object, rest: Partial<NewEvent> = {}): NewEvent => ({
  type: 'TaskDone',
  stream: 'tasks',
  data: data as NewEvent['data'],
  ...rest,
})
const scored = (...scores: unknown[]) => append(...scores.map(score => done(score === undefined ? {} : { score })))
const everything = { field: 'position', op: 'exists' }
const positions = ({ events }: { events: { position: number }[] }) => events.map(({ position }) => position)

/** All pages to the end. */
async function pages(json: object, between: () => Promise<unknown> = async () => undefined): Promise<number[][]> {
  const found: number[][] = []
  for (let cursor: string | null = null; ; ) {
    const page: { next: string | null; events: { position: number }[] } = await answer(
      cursor === null ? json : { ...json, cursor },
    )
    found.push(positions(page))
    if (page.next === null) return found
    cursor = page.next
    await between()
  }
}

test('a query finds events by their content and says how', async () => {
  await append(done({ score: 0.9 }, { tags: ['red'] }), done({ score: 0.1 }), {
    type: 'Other',
    stream: 'tasks',
    data: { score: 1 },
  })
  const where = {
    and: [
      { field: 'type', op: 'eq', value: 'TaskDone' },
      { field: 'data.score', op: 'gte', value: 0.8 },
    ],
  }
  const found = await answer({ where })
  expect(Object.keys(found)).toEqual(['events', 'next', 'plan'])
  expect(found).toMatchObject({
    events: [{ position: 1, type: 'TaskDone', data: { score: 0.9 }, tags: ['red'] }],
    next: null,
  })
  expect(found.plan).toEqual({ index: 'type', scanned: 2, matched: 1, ms: expect.any(Number) })
})

test('MessagePack goes in and comes out', async () => {
  await scored(1, 2)
  const body = encoded({ where: everything, select: ['data.score'] }, 'msgpack') as Buffer
  const headers = { 'content-type': 'application/msgpack', accept: 'application/msgpack' }
  const found = await server.call('/v1/events/query', { body, headers })
  expect([found.status, found.headers.get('content-type')]).toEqual([200, 'application/msgpack'])
  const page = decodeMessagePack(Buffer.from(await found.arrayBuffer())) as { events: object[]; next: null }
  expect(page.events.map(event => (event as Record<string, unknown>)['data.score'])).toEqual([1, 2])
  expect(page.next).toBeNull()
  const whole = await server.call('/v1/events/query', {
    json: { where: everything },
    headers: { accept: 'application/msgpack' },
  })
  expect(decodeMessagePack(Buffer.from(await whole.arrayBuffer()))).toMatchObject({
    events: [{ data: { score: 1 } }, {}],
  })
})

test('selected fields come under the paths as written, and what is missing is left out', async () => {
  await append(done({ a: { 'b.c': [1, 2] } }))
  const { events } = await answer({ where: everything, select: ['type', '/data/a/b.c', '/data/a/b.c/1', 'data.gone'] })
  expect(events).toEqual([
    { id: expect.any(String), position: 1, type: 'TaskDone', '/data/a/b.c': [1, 2], '/data/a/b.c/1': 2 },
  ])
})

test.each(['asc', 'desc'] as const)(
  'pages in %s order of positions hold what was there at first, once each',
  async order => {
    await scored(0, 1, 2, 3, 4, 5, 6)
    const json = {
      where: { field: 'data.score', op: 'ne', value: 3 },
      orderBy: { field: 'timestamp', order },
      limit: 2,
    }
    const found = await pages(json, () => scored(9))
    const expected = [1, 2, 3, 5, 6, 7]
    expect(found.flat()).toEqual(order === 'asc' ? expected : expected.toReversed())
  },
)

test('any field sorts, ties by position, what has no order last, also across pages and appends', async () => {
  await scored(3, 'b', 1, undefined, true, 3, null, 'a', 2)
  const sorted = async (order: string, limit: number) =>
    (await pages({ where: everything, orderBy: { field: 'data.score', order }, limit }, () => scored(0))).flat()
  expect(await sorted('asc', 100)).toEqual([3, 9, 1, 6, 8, 2, 5, 4, 7])
  expect(await sorted('asc', 2)).toEqual([3, 9, 1, 6, 8, 2, 5, 4, 7])
  expect(
    await pages({
      where: { field: 'position', op: 'lte', value: 9 },
      orderBy: { field: 'data.score', order: 'desc' },
      limit: 4,
    }),
  ).toEqual([[5, 2, 8, 1], [6, 9, 3, 4], [7]])
})

test('a scan that uses up its budget answers what it has and goes on from there', async () => {
  await scored(...Array.from({ length: 50 }, (_, i) => i))
  server.app.get(Queries, { strict: false }).budget = { ...SCAN_BUDGET, events: 10 }
  const where = { field: 'data.score', op: 'eq', value: 25 }
  const first = await answer({ where })
  expect(first).toMatchObject({ events: [], plan: { scanned: 10, matched: 0 }, next: expect.any(String) })
  expect((await pages({ where })).flat()).toEqual([26])
  expect((await pages({ where, orderBy: { field: 'position', order: 'desc' } })).flat()).toEqual([26])
  const refused = await query({ where, orderBy: { field: 'data.score' } })
  expect(refused.status).toBe(400)
  expect((await jsonOf(refused)).errors).toEqual([
    { pointer: '/orderBy', detail: expect.stringContaining('narrow where') },
  ])
})

test('time ends a scan too, even one over events that nobody may see', async () => {
  await append(...Array.from({ length: 40 }, () => done({}, { stream: 'secret' })), done({}, { stream: 'open' }))
  server.app.get(Queries, { strict: false }).budget = { ...SCAN_BUDGET, ms: 0, firstWindow: 10 }
  const as = agent('reader', 'agent', { 'events.query': ['open'] })
  let cursor: string | null = null
  const found: number[] = []
  let rounds = 0
  do {
    const page: { next: string | null; events: { position: number }[]; plan: { scanned: number } } = await answer(
      { where: everything, ...(cursor ? { cursor } : {}) },
      { as },
    )
    found.push(...positions(page))
    expect(page.plan.scanned).toBe(page.events.length)
    cursor = page.next
    rounds++
  } while (cursor !== null)
  expect(found).toEqual([41])
  expect(rounds).toBe(5)
})

test('what a token may not query is in no event and no count', async () => {
  await append(done({}, { stream: 'secret' }), done({}, { stream: 'open' }), done({}, { stream: 'secret' }))
  const as = agent('reader', 'agent', { 'events.query': ['open'], 'events.read': ['all'] })
  for (const where of [
    everything,
    { field: 'stream', op: 'eq', value: 'secret' },
    { field: 'stream', op: 'like', value: '*' },
  ]) {
    const page = await answer({ where }, { as })
    const open = JSON.stringify(where).includes('"secret"') ? [] : [2]
    expect([positions(page), page.plan.scanned, page.plan.matched, page.next]).toEqual([
      open,
      open.length,
      open.length,
      null,
    ])
  }
  const sorted = await answer({ where: everything, orderBy: { field: 'type' } }, { as })
  expect([positions(sorted), sorted.plan.scanned]).toEqual([[2], 1])
})

test.each<[string, object, string[]]>([
  ['no conditions', {}, ['/where']],
  [
    'faults everywhere',
    { where: { field: 'x', op: 'is' }, limit: 0, select: ['y'], orderBy: { field: 'z', order: 'up' }, page: 1 },
    ['/limit', '/orderBy/field', '/orderBy/order', '/page', '/select/0', '/where/field', '/where/op'],
  ],
  ['a cursor of nobody', { where: everything, cursor: 'abc' }, ['/cursor']],
  ['too many events', { where: everything, limit: 10_001 }, ['/limit']],
])('%s: refused with every pointer', async (_, json, pointers) => {
  const refused = await query(json)
  const problem = await jsonOf(refused)
  expect([refused.status, problem.code]).toEqual([400, 'INVALID_REQUEST'])
  expect(problem.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(pointers)
})

test('a cursor is taken back, however long the spelling of what is sorted by', async () => {
  await scored('\u0001'.repeat(300), `${'\u0001'.repeat(300)}x`)
  expect(await pages({ where: everything, orderBy: { field: 'data.score' }, limit: 1 })).toEqual([[1], [2]])
})

test('a cursor belongs to its query, and its spelling cannot be changed', async () => {
  await scored(1, 2, 3)
  const { next } = await answer({ where: everything, limit: 1 })
  expect(positions(await answer({ where: everything, cursor: next }))).toEqual([2, 3])
  const others = [
    { where: { field: 'position', op: 'gt', value: 0 }, cursor: next },
    { where: everything, orderBy: { field: 'position', order: 'desc' }, cursor: next },
    { where: everything, orderBy: { field: 'type' }, cursor: next },
    { where: everything, cursor: `${next}=` },
    { where: everything, cursor: `${next}AA` },
  ]
  for (const other of others) expect((await query(other)).status).toBe(400)
})

test('a page is bounded in bytes, and the next goes on', async () => {
  const text = 'x'.repeat(900_000)
  for (let i = 0; i < 10; i++) await append(done({ text, i }))
  expect(await pages({ where: everything, limit: 10 })).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9], [10]])
  expect(await pages({ where: everything, limit: 10, orderBy: { field: 'data.i', order: 'desc' } })).toEqual([
    [10, 9, 8, 7, 6, 5, 4, 3, 2],
    [1],
  ])
})
