// Appends over HTTP: what is stored, what is refused, and what a second try is told.
import { mock } from 'node:test'
import fc from 'fast-check'
import { arbitraryJson, nested, objectOf } from '../../test/support/arbitrary-json.js'
import { ADMIN, agent, type Call, jsonOf, useServer } from '../../test/support/http-server-under-test.js'
import { Packed } from '../contract/event.js'
import { LIMITS } from '../contract/limits.js'
import { encoded } from '../wire/negotiation.js'
import { AsyncAppendsModule } from './async-appends.module.js'
import { EventsModule } from './events.module.js'

const server = useServer(EventsModule, AsyncAppendsModule)
const call = (path: string, options?: Call) => server.call(path, options)
const read = (path: string, options?: Call) => jsonOf(call(path, options))

const MSGPACK = { 'content-type': 'application/msgpack' }
const builder = agent('builder-1')
const event = (parts: object = {}) => ({ type: 'task.done', stream: 'agent_builder-1', data: { n: 1 }, ...parts })

test('an event is stored, answered with its place, and found there', async () => {
  const answer = await call('/v1/events', { as: builder, json: event(), headers: { 'x-correlation-id': 'build-42' } })
  expect(answer.status).toBe(201)
  const stored = await jsonOf(answer)
  expect(Object.keys(stored)).toEqual(['id', 'position', 'stream', 'revision', 'timestamp', 'duplicate', 'durability'])
  expect(stored).toMatchObject({ stream: 'agent_builder-1', duplicate: false, durability: 'fsync' })
  expect(answer.headers.get('location')).toBe(`/v1/events/${stored.id}`)
  expect(await read(`/v1/events/${stored.id}`)).toMatchObject({
    ...event(),
    agentId: 'builder-1',
    correlationId: 'build-42',
  })
  expect(await read(`/v1/events/${stored.position}`)).toEqual(await read(`/v1/events/${stored.id}`))
})

test("the event's own correlation id wins, and a valid trace context is kept", async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const json = event({ correlationId: 'mine' })
  const { id } = await read('/v1/events', { json, headers: { traceparent } })
  expect(await read(`/v1/events/${id}`)).toMatchObject({ correlationId: 'mine', traceparent })
  const odd = await read('/v1/events', { json, headers: { traceparent: 'odd' } })
  expect(await read(`/v1/events/${odd.id}`)).not.toHaveProperty('traceparent')
})

test('a batch is stored whole, at consecutive positions, and its location reads it', async () => {
  const events = [event({ stream: 'a' }), event({ stream: 'b' }), event({ stream: 'a' })]
  const answer = await call('/v1/events/batch', { json: { events } })
  expect(answer.status).toBe(201)
  const stored = await jsonOf(answer)
  expect(stored).toMatchObject({ duplicate: false, lastPosition: stored.firstPosition + 2 })
  expect(stored.events.map((place: object) => Object.keys(place))).toEqual(
    Array(3).fill(['id', 'position', 'stream', 'revision']),
  )
  expect((await read(answer.headers.get('location') ?? '')).events).toHaveLength(3)
})

test.each<[string, object]>([
  ['/v1/events', event()],
  ['/v1/events/batch', { events: [event()] }],
  ['/v1/events/async', event()],
  ['/v1/events/batch/async', { events: [event()] }],
  ['/v1/streams/a/events', event({ stream: undefined })],
])('the store is given the payload as it is stored, whichever route and form it came by: %s', async (path, json) => {
  const append = mock.method(server.store, 'append')
  try {
    await call(path, { json })
    await call(path, { body: encoded(JSON.parse(JSON.stringify(json)), 'msgpack'), headers: MSGPACK })
    expect(append.mock.calls.map(({ arguments: [request] }) => request.events.map(({ data }) => data))).toEqual([
      [expect.any(Packed)],
      [expect.any(Packed)],
    ])
  } finally {
    append.mock.restore()
  }
})

test.each<[string, string, object, number, string, string[]]>([
  ['an unknown field', '/v1/events', event({ position: 1 }), 400, 'INVALID_EVENT', ['/position']],
  ['a bad type', '/v1/events', event({ type: '' }), 400, 'INVALID_EVENT', ['/type']],
  ['an author', '/v1/events/batch', { events: [event()], author: {} }, 400, 'INVALID_REQUEST', ['/author']],
  ['a bad third', '/v1/events/batch', { events: [event(), event(), 1] }, 400, 'INVALID_EVENT', ['/events/2']],
  ['depth', '/v1/events', event({ data: nested(65) }), 400, 'INVALID_EVENT', []],
  ['a stream of the service', '/v1/events', event({ stream: '$audit' }), 403, 'SERVICE_STREAM', []],
  ['a stream on its own route', '/v1/streams/a/events', event({ stream: 'a' }), 400, 'INVALID_REQUEST', ['/stream']],
  ['a stream that cannot be', '/v1/streams/a%20b/events', event(), 400, 'INVALID_REQUEST', ['']],
])('%s is refused and nothing is stored', async (_, path, json, status, code, pointers) => {
  const head = server.store.head()
  const answer = await call(path, { json })
  const problem = await jsonOf(answer)
  expect([answer.status, problem.code]).toEqual([status, code])
  if (pointers.length > 0) expect(problem.errors.map((of: { pointer: string }) => of.pointer)).toEqual(pointers)
  expect(server.store.head()).toBe(head)
})

test('an agent writes to its own streams only, and is told scope and stream', async () => {
  const answer = await call('/v1/events', { as: builder, json: event({ stream: 'agent_other' }) })
  expect(answer.status).toBe(403)
  expect((await jsonOf(answer)).detail).toMatch(/events\.write.*agent_other/)
  const mixed = { events: [event(), event({ stream: 'agent_builder-10' })] }
  expect((await call('/v1/events/batch', { as: builder, json: mixed })).status).toBe(403)
})

test('a revision may be expected only of streams the token knows', async () => {
  const blind = agent('blind', 'agent', { 'events.write': ['own'] })
  const json = {
    events: [event({ stream: 'agent_blind' })],
    expectations: [{ stream: 'secret', expectedRevision: 'none' }],
  }
  expect((await call('/v1/events/batch', { as: blind, json })).status).toBe(403)
})

test('a condition counts hidden events and does not describe them', async () => {
  await call('/v1/events', { json: event({ stream: 'hidden', type: 'secret.kind', tags: ['task:T-1'] }) })
  const condition = { failIfEventsMatch: { items: [{ tags: ['task:T-1'] }] } }
  const seen = await call('/v1/events', { json: event({ condition }) })
  expect([seen.status, (await jsonOf(seen)).violations[0].type]).toEqual([409, 'secret.kind'])
  const blind = agent('blind', 'agent', { 'events.write': ['own'], 'events.read': ['own'] })
  const answer = await call('/v1/events', { as: blind, json: event({ stream: 'agent_blind', condition }) })
  const text = await answer.text()
  expect(answer.status).toBe(409)
  expect(JSON.parse(text)).toMatchObject({ code: 'CONDITION_FAILED', errors: [{ pointer: '/condition' }] })
  expect(text).not.toMatch(/secret\.kind|hidden|node/)
})

describe('an idempotency key', () => {
  const headers = { 'idempotency-key': 'task-17' }

  test('answers the same twice, and refuses another body', async () => {
    const first = await call('/v1/events', { as: builder, json: event(), headers })
    const again = await call('/v1/events', { as: builder, json: event(), headers })
    expect([first.status, again.status]).toEqual([201, 200])
    expect(await jsonOf(again)).toEqual({ ...(await jsonOf(first)), duplicate: true })
    const other = await call('/v1/events', { as: builder, json: event({ data: {} }), headers })
    expect(other.status).toBe(422)
  })

  test("is another agent's own", async () => {
    expect((await call('/v1/events', { json: event(), headers })).status).toBe(201)
  })

  test.each(['', 'ü', 'x'.repeat(256)])('cannot be %s', async key => {
    const answer = await call('/v1/events', { json: event(), headers: { 'idempotency-key': key } })
    expect(answer.status).toBe(400)
  })
})

describe('a stream', () => {
  const path = '/v1/streams/tasks%2Fone/events'
  const json = { type: 'task.done', data: {} }

  test('is begun, extended and kept from others by its revision', async () => {
    const begun = await call(path, { json, headers: { 'if-none-match': '*' } })
    expect([begun.status, begun.headers.get('etag')]).toEqual([201, '"0"'])
    const again = await call(path, { json, headers: { 'if-none-match': '*' } })
    expect(again.status).toBe(412)
    expect(await jsonOf(again)).toMatchObject({
      code: 'PRECONDITION_FAILED',
      violations: [{ kind: 'revision', stream: 'tasks/one', expected: 'none', actual: 0 }],
    })
    const many = await call(path, { json: { events: [json, json] }, headers: { 'if-match': '"0"' } })
    expect([many.status, many.headers.get('etag')]).toEqual([201, '"2"'])
    expect((await call(path, { json, headers: { 'if-match': '"0"' } })).status).toBe(412)
    expect((await call(path, { json, headers: { 'if-match': '0' } })).status).toBe(400)
    expect((await call(path, { json, headers: { 'if-match': '*' } })).status).toBe(201)
    expect((await call('/v1/streams/none/events', { json, headers: { 'if-match': '*' } })).status).toBe(412)
  })

  test('that is elsewhere than expected in the body is a conflict', async () => {
    const answer = await call('/v1/events', { json: event({ stream: 'tasks/one', expectedRevision: 77 }) })
    expect([answer.status, (await jsonOf(answer)).code]).toEqual([409, 'REVISION_CONFLICT'])
  })
})

describe('without waiting', () => {
  async function outcome(path: string, as = ADMIN): Promise<{ status: string; result?: object; problem?: object }> {
    for (;;) {
      const found = await read(path, { as })
      if (found.status !== 'pending') return found
    }
  }

  test('an append is taken, and its operation tells how it ended, to its agent alone', async () => {
    const answer = await call('/v1/events/async', { as: builder, json: event() })
    expect(answer.status).toBe(202)
    const location = answer.headers.get('location') ?? ''
    expect(location).toBe(`/v1/operations/${(await jsonOf(answer)).operationId}`)
    expect(await outcome(location, builder)).toMatchObject({ status: 'stored', result: { stream: 'agent_builder-1' } })
    expect((await call(location)).status).toBe(404)
    expect((await call('/v1/operations/nope')).status).toBe(404)
  })

  test('a batch is too, and a conflict is how it may end', async () => {
    const events = [event({ stream: 'later' })]
    const stored = await call('/v1/events/batch/async', { json: { events } })
    expect(await outcome(stored.headers.get('location') ?? '')).toMatchObject({ status: 'stored' })
  })

  test('what breaks a rule is refused at once', async () => {
    expect((await call('/v1/events/async', { json: event({ type: '' }) })).status).toBe(400)
    expect((await call('/v1/events/async', { as: builder, json: event({ stream: 'a' }) })).status).toBe(403)
  })
})

test('a large event is taken with a warning, a larger one is not', async () => {
  const small = await call('/v1/events', { json: event() })
  expect(small.headers.get('lighthouse-warning')).toBeNull()
  const large = await call('/v1/events', { json: event({ data: { text: 'x'.repeat(LIMITS.eventWarnBytes) } }) })
  expect(large.status).toBe(201)
  expect(large.headers.get('lighthouse-warning')).toMatch(/^event larger than 65536 bytes/)
  const tooLarge = await call('/v1/events', { json: event({ data: { text: 'x'.repeat(LIMITS.eventBytes) } }) })
  expect(tooLarge.status).toBe(413)
})

test('MessagePack goes in and comes out', async () => {
  const headers = { 'content-type': 'application/msgpack', accept: 'application/msgpack' }
  const answer = await call('/v1/events', { body: encoded(event(), 'msgpack') as Buffer, headers })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([201, 'application/msgpack'])
  expect((await server.store.find(server.store.head()))?.data).toEqual({ n: 1 })
})

test('an answer nobody would take is not given, and nothing is stored for it', async () => {
  const head = server.store.head()
  const answer = await call('/v1/events', { json: event(), headers: { accept: 'text/html' } })
  expect([answer.status, server.store.head()]).toEqual([406, head])
})

test('JSON comes back as it was sent, whatever it holds', async () => {
  const code = {
    code: '<script>alert(1)</script>; rm -rf / # "\u2028"',
    constructor: { prototype: 1 },
    unicode: '🜁é\0',
  }
  const hostile = [objectOf([...Object.entries(code), ['__proto__', { polluted: true }]]), nested(64)]
  const back = async (data: object) => {
    const { id } = await read('/v1/events', { json: event({ data, metadata: {} }) })
    const text = await (await call(`/v1/events/${id}`)).text()
    return text.slice(text.indexOf('"data":') + '"data":'.length, text.lastIndexOf(',"metadata":'))
  }
  for (const data of hostile) expect(await back(data)).toBe(JSON.stringify(data))
  await fc.assert(
    fc.asyncProperty(arbitraryJson, async data => {
      expect(JSON.parse(await back(data))).toEqual(JSON.parse(JSON.stringify(data)))
    }),
    { numRuns: 100 },
  )
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

test('an event has at most ten thousand keys, and a body fifty thousand, in either form', async () => {
  const keyed = (keys: number) => Object.fromEntries(Array.from({ length: keys }, (_, i) => [`k${i}`, 0]))
  const asked = async (path: string, body: object) => {
    const one = await call(path, { json: body })
    const headers = { 'content-type': 'application/msgpack', accept: 'application/json' }
    const other = await call(path, { body: encoded(body, 'msgpack') as Buffer, headers })
    return Promise.all([one, other].map(async answer => [answer.status, await jsonOf(answer)]))
  }
  for (const [status] of await asked('/v1/events', event({ data: keyed(LIMITS.eventKeys) }))) expect(status).toBe(201)
  for (const answer of await asked('/v1/events', event({ data: keyed(LIMITS.eventKeys + 1) }))) {
    expect(answer).toEqual([400, expect.objectContaining({ code: 'INVALID_EVENT' })])
  }
  const events = Array.from({ length: 6 }, () => event({ data: keyed(8_400) }))
  for (const answer of await asked('/v1/events/batch', { events })) {
    expect(answer).toEqual([400, expect.objectContaining({ code: 'MALFORMED_BODY', errors: [expect.anything()] })])
  }
})
