// What the routes of consumer groups refuse, by field; and how they answer when the server ends.
import { agent, jsonOf, type ServerUnderTest, startServer } from '../../test/support/http-server-under-test.js'
import { EventsModule } from '../events/events.module.js'
import { GroupsModule } from './groups.module.js'

let server: ServerUnderTest
beforeAll(async () => {
  server = await startServer([EventsModule, GroupsModule])
  expect((await server.call('/v1/subscriptions/g', { method: 'PUT', json: {} })).status).toBe(201)
})
afterAll(() => server.stop())

const put = (json: unknown, name = 'g') => server.call(`/v1/subscriptions/${name}`, { method: 'PUT', json })
const post = (path: string, json: unknown) => server.call(`/v1/subscriptions/g/${path}`, { json })

async function refused(answer: Response | Promise<Response>): Promise<string[]> {
  const { status, code, errors } = await jsonOf(answer)
  expect([status, code]).toEqual([400, 'INVALID_REQUEST'])
  return errors.map(({ pointer }: { pointer: string }) => pointer)
}

describe('a body that is optional', () => {
  const typed = { 'content-type': 'application/json' }
  const packed = { 'content-type': 'application/msgpack' }

  test.each([
    ['no type', {}],
    ['a type of JSON', typed],
    ['a type of MessagePack', packed],
  ])('need not be sent, with %s', async (_, headers) => {
    for (const path of ['take?max=1', 'parked/replay', 'parked/discard']) {
      const answer = await server.call(`/v1/subscriptions/g/${path}`, { method: 'POST', headers })
      expect([path, answer.status]).toEqual([path, 200])
    }
    expect((await server.call('/v1/subscriptions/bare', { method: 'PUT', headers })).status).toBe(201)
    expect((await server.call('/v1/subscriptions/bare', { method: 'DELETE', headers })).status).toBe(204)
  })

  test('is still read when it is sent, and one that is needed is missed', async () => {
    expect(await refused(post('parked/replay', { position: [1] }))).toEqual(['/position'])
    expect(await refused(server.call('/v1/subscriptions/g/ack', { method: 'POST', headers: typed }))).toEqual([
      '/tokens',
    ])
  })
})

describe('a definition', () => {
  test.each([
    ['no object', [], ''],
    ['a field nobody knows', { ackTimeout: 3 }, '/ackTimeout'],
    ['a filter that is none', { filter: 'all' }, '/filter'],
    ['a field of the filter nobody knows', { filter: { stream: ['a'] } }, '/filter/stream'],
    ['a filter by scope', { filter: { within: ['a'] } }, '/filter/within'],
    ['a stream no glob can match', { filter: { streams: ['a b'] } }, '/filter/streams/0'],
    ['a type no glob can match', { filter: { types: ['task.*', 'ä'] } }, '/filter/types/1'],
    ['an empty tag', { filter: { tags: [''] } }, '/filter/tags/0'],
    ['too many agents', { filter: { agents: Array(101).fill('a') } }, '/filter/agents'],
    ['an after that is nothing of the kind', { after: 'yesterday' }, '/after'],
    ['an after before the start', { after: -1 }, '/after'],
    ['an after that is half a position', { after: 1.5 }, '/after'],
    ['an after that is a list', { after: [1] }, '/after'],
    ['an after beyond the head', { after: 1_000_000 }, '/after'],
    ['no time at all', { ackTimeoutSeconds: 0 }, '/ackTimeoutSeconds'],
    ['half a second', { ackTimeoutSeconds: 0.5 }, '/ackTimeoutSeconds'],
    ['too much time', { ackTimeoutSeconds: 3_601 }, '/ackTimeoutSeconds'],
    ['no attempt', { maxAttempts: 0 }, '/maxAttempts'],
    ['too many attempts', { maxAttempts: 101 }, '/maxAttempts'],
    ['nothing in flight', { maxInFlight: 0 }, '/maxInFlight'],
    ['too much in flight', { maxInFlight: 10_001 }, '/maxInFlight'],
    ['an order nobody knows', { ordering: 'random' }, '/ordering'],
    ['a wish for damage', { damaged: 'repair' }, '/damaged'],
  ])('with %s is refused', async (_, json, pointer) => {
    expect(await refused(put(json, 'fresh'))).toEqual([pointer])
    expect((await server.call('/v1/subscriptions/fresh')).status).toBe(404)
  })

  test.each([
    ['dot first', '.hidden'],
    ['a space', 'a%20b'],
    ['a slash', 'a%2Fb'],
    ['an umlaut', '%C3%A4'],
    ['a dollar', '$a'],
    ['65 characters', 'x'.repeat(65)],
  ])('under a name with %s is refused', async (_, name) => {
    expect(await refused(put({}, name))).toEqual([''])
  })

  test('under the longest name is none of these', async () => {
    expect((await put({}, `0${'x._-'.repeat(15)}zzz`)).status).toBe(201)
  })
})

describe.each(['ack', 'nack'])('%s', route => {
  const more = route === 'nack' ? { action: 'retry' } : {}
  test.each([
    ['no tokens', {}, '/tokens'],
    ['an empty list', { tokens: [] }, '/tokens'],
    ['one token, not a list', { tokens: '1.1' }, '/tokens'],
    ['a number', { tokens: [1.1] }, '/tokens/0'],
    ['too many', { tokens: Array(1_001).fill('1.1') }, '/tokens'],
    ['a token as long as a book', { tokens: ['1'.repeat(41)] }, '/tokens/0'],
    ['a field nobody knows', { tokens: ['1.1'], token: '1.1' }, '/token'],
  ])('of %s is refused', async (_, json, pointer) => {
    expect(await refused(post(route, { ...more, ...json }))).toEqual([pointer])
  })

  test.each(['1', '1.', '.1', '0.1', '1.0', '01.1', '1.1 ', '1.1.1', '-1.1', '1e3.1', '9'.repeat(20), '', 'ä'])(
    'of %j names no delivery',
    async token => {
      const answer = await post(route, { ...more, tokens: [token] })
      expect(await jsonOf(answer)).toMatchObject({
        status: 409,
        code: 'STALE_DELIVERY',
        errors: [{ pointer: '/tokens/0' }],
      })
    },
  )
})

test.each([
  ['without an action', { tokens: ['1.1'] }, '/action'],
  ['with an action nobody knows', { tokens: ['1.1'], action: 'ack' }, '/action'],
  ['released by hand', { tokens: ['1.1'], action: 'release' }, '/action'],
  ['with a negative delay', { tokens: ['1.1'], action: 'retry', delaySeconds: -1 }, '/delaySeconds'],
  ['with a delay of days', { tokens: ['1.1'], action: 'retry', delaySeconds: 3_601 }, '/delaySeconds'],
  ['with a reason like a novel', { tokens: ['1.1'], action: 'park', reason: 'x'.repeat(513) }, '/reason'],
])('a nack %s is refused', async (_, json, pointer) => {
  expect(await refused(post('nack', json))).toEqual([pointer])
})

test.each([
  ['take?max=0', 'max'],
  ['take?max=1001', 'max'],
  ['take?max=ten', 'max'],
  ['take?max=1&max=2', 'max'],
  ['take?wait=-1', 'wait'],
  ['take?wait=51', 'wait'],
  ['take?wait=long', 'wait'],
  ['take?limit=1', 'limit'],
])('%s is refused', async (path, parameter) => {
  expect(await refused(server.call(`/v1/subscriptions/g/${path}`, { method: 'POST' }))).toEqual([`/${parameter}`])
})

test.each([
  ['g/parked?limit=0', 'limit'],
  ['g/parked?limit=1001', 'limit'],
  ['g/parked?after=-1', 'after'],
  ['?limit=1001', 'limit'],
  [`?after=${'x'.repeat(65)}`, 'after'],
])('%s is refused', async (path, parameter) => {
  expect(await refused(server.call(`/v1/subscriptions/${path}`.replace('/?', '?')))).toEqual([`/${parameter}`])
})

test.each(['replay', 'discard'])('to %s what is no position is refused', async verb => {
  for (const positions of [[0], [1.5], ['1'], [-1]])
    expect(await refused(post(`parked/${verb}`, { positions }))).toEqual(['/positions/0'])
  expect(await refused(post(`parked/${verb}`, { positions: 7 }))).toEqual(['/positions'])
})

test.each([
  ['GET', 'none'],
  ['DELETE', 'none'],
  ['POST', 'none/take'],
  ['GET', 'none/parked'],
])('%s of %s is not found', async (method, path) => {
  expect((await server.call(`/v1/subscriptions/${path}`, { method })).status).toBe(404)
})

test.each(['ack', 'nack', 'parked/replay', 'parked/discard'])('%s of a group that is none is not found', async path => {
  const json = { ack: { tokens: ['1.1'] }, nack: { tokens: ['1.1'], action: 'skip' } }[path] ?? {}
  expect((await server.call(`/v1/subscriptions/none/${path}`, { json })).status).toBe(404)
})

test('a name that is no name is not repeated', async () => {
  const { detail } = await jsonOf(server.call('/v1/subscriptions/%3Cscript%3E'))
  expect(detail).not.toContain('<')
})

test('nothing is taken that cannot be answered', async () => {
  await server.call('/v1/events', { json: { type: 't', stream: 's', data: {} } })
  const answer = await server.call('/v1/subscriptions/g/take', { method: 'POST', headers: { accept: 'text/html' } })
  expect(answer.status).toBe(406)
  expect((await jsonOf(server.call('/v1/subscriptions/g'))).progress.inFlight).toBe(0)
})

test('without the scope there is nothing to be done', async () => {
  const reader = agent('reader', 'agent', { 'events.read': ['all'] })
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/g'],
    ['DELETE', '/g'],
    ['POST', '/g/take'],
    ['GET', '/g/parked'],
  ] as const)
    expect((await server.call(`/v1/subscriptions${path}`, { method, as: reader })).status).toBe(403)
})

test('a server that ends answers those who wait with nothing', async () => {
  const other = await startServer([EventsModule, GroupsModule])
  await other.call('/v1/subscriptions/g', { method: 'PUT', json: {} })
  const waiting = Array.from({ length: 3 }, () => other.call('/v1/subscriptions/g/take?wait=50', { method: 'POST' }))
  const consumers = async () => (await jsonOf(other.call('/v1/subscriptions/g'))).progress.consumers
  while ((await consumers()) === 0) await new Promise(setImmediate)
  await other.stop()
  for (const answer of waiting) {
    const { status, ...rest } = await answer.then(async one => ({ status: one.status, body: await one.json() }))
    // One that came too late is told that it has.
    if (status === 200) expect(rest.body).toEqual({ deliveries: [] })
    else expect(status).toBe(503)
  }
})
