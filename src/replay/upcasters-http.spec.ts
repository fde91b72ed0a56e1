// Upcasters over HTTP: chains at every read of a state, stored events as they were written, and no way to define nonsense.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { agent, jsonOf, type ServerUnderTest, startServer } from '../../test/support/http-server-under-test.js'
import { EventsModule } from '../events/events.module.js'
import { ProjectionsModule } from '../projections/projections.module.js'
import { ReplayModule } from './replay.module.js'

let server: ServerUnderTest

beforeAll(async () => {
  server = await startServer([ProjectionsModule, EventsModule, ReplayModule])
})
afterAll(() => server.stop())

const put = (type: string, steps: unknown, as?: ReturnType<typeof agent>) =>
  server.call(`/v1/upcasters/${type}`, { method: 'PUT', json: { steps }, ...(as === undefined ? undefined : { as }) })
const get = (type: string) => jsonOf(server.call(`/v1/upcasters/${type}`))
const append = async (stream: string, type: string, data: object, schemaVersion?: number) =>
  jsonOf(server.call('/v1/events', { json: { stream, type, data, schemaVersion } }))
const collected = async (stream: string) =>
  (await jsonOf(server.call('/v1/replay', { json: { filter: { streams: [stream] }, reducer: 'collect' } }))).state
const lastOf = async (stream: string) => (await jsonOf(server.call(`/v1/streams/${stream}/state?reducer=last`))).state
const bookSize = async () => (await jsonOf(server.call('/v1/events?stream=$schemas&limit=10000'))).events.length

const TO_2 = { from: 1, to: 2, ops: [{ op: 'rename', path: '/owner', to: 'agent' }] }
const TO_3 = {
  from: 2,
  to: 3,
  ops: [
    { op: 'move', from: '/agent', to: '/by/agent' },
    { op: 'default', path: '/priority', value: 3 },
  ],
}

describe('a chain', () => {
  test('brings every version to the newest wherever a state is read, and leaves what is stored as it was', async () => {
    await append('chain', 'chained', { owner: 'ada', x: [1] })
    await append('chain', 'chained', { agent: 'bob', owner: 'kept' }, 2)
    await append('chain', 'chained', { by: { agent: 'cyd' }, priority: 1 }, 3)
    await append('chain', 'chained', { owner: 'of a version to come' }, 9)
    await append('chain', 'another', { owner: 'of another type' })
    const textOf = async () => (await server.call('/v1/events?stream=chain')).text()
    const [stored, raw] = [JSON.parse(await textOf()).events, await collected('chain')]
    expect((await put('chained', [TO_2])).status).toBe(201)
    expect((await collected('chain'))[0]).toEqual({ x: [1], agent: 'ada' })
    const made = await put('chained', [TO_2, TO_3])
    expect([made.status, await made.json()]).toEqual([
      200,
      { type: 'chained', version: 2, steps: [TO_2, TO_3], definedBy: 'operator', definedAt: expect.any(String) },
    ])
    expect(await collected('chain')).toEqual([
      { x: [1], by: { agent: 'ada' }, priority: 3 },
      { owner: 'kept', by: { agent: 'bob' }, priority: 3 },
      { by: { agent: 'cyd' }, priority: 1 },
      { owner: 'of a version to come' },
      { owner: 'of another type' },
    ])
    expect(JSON.parse(await textOf()).events).toEqual(stored)
    await server.call('/v1/upcasters/chained', { method: 'DELETE' })
    expect(await collected('chain')).toEqual(raw)
  })

  test('is in force for keys and operations of projections, live ones included', async () => {
    const on = { moved: [{ op: 'set', path: '/to', from: 'data.place' }] }
    const definition = { filter: { streams: ['moves'] }, key: 'data.who', on }
    for (const [name, live] of [
      ['moves', false],
      ['moves-live', true],
    ] as const) {
      await server.call(`/v1/projections/${name}`, { method: 'PUT', json: { ...definition, live } })
    }
    await append('moves', 'moved', { name: 'ada', at: { city: 'Rome' } })
    await append('moves', 'moved', { who: 'bob', place: 'Oslo' }, 2)
    const ops = [
      { op: 'rename', path: '/name', to: 'who' },
      { op: 'move', from: '/at/city', to: '/place' },
    ]
    await put('moved', [{ from: 1, to: 2, ops }])
    const wanted = { ada: { to: 'Rome' }, bob: { to: 'Oslo' } }
    for (const name of ['moves', 'moves-live']) {
      expect((await jsonOf(server.call(`/v1/projections/${name}/state`))).state).toEqual(wanted)
    }
    await server.call('/v1/upcasters/moved', { method: 'DELETE' })
    for (const name of ['moves', 'moves-live']) {
      expect((await jsonOf(server.call(`/v1/projections/${name}/state`))).state).toEqual({ bob: wanted.bob })
    }
  })

  test('takes every key for a key', async () => {
    const body =
      '{"steps":[{"from":1,"to":2,"ops":[{"op":"rename","path":"/constructor","to":"__proto__"},{"op":"default","path":"/toString/__proto__","value":{"__proto__":null}}]}]}'
    const headers = { 'content-type': 'application/json' }
    expect((await server.call('/v1/upcasters/odd', { method: 'PUT', headers, body })).status).toBe(201)
    await append('odd', 'odd', { constructor: 1 })
    const answer = await server.call('/v1/streams/odd/state?reducer=last')
    expect(await answer.text()).toContain('"state":{"__proto__":1,"toString":{"__proto__":{"__proto__":null}}}')
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

describe('an upcaster', () => {
  test('is listed, read and deleted; the same again is no version', async () => {
    expect((await get('listed')).code).toBe('NOT_FOUND')
    await put('listed', [TO_2, TO_3])
    const size = await bookSize()
    const again = await put('listed', [TO_2, TO_3])
    expect([again.status, (await jsonOf(again)).version, await bookSize()]).toEqual([200, 1, size])
    const { upcasters } = await jsonOf(server.call('/v1/upcasters'))
    expect(upcasters).toContainEqual({ type: 'listed', version: 1, from: 1, to: 3 })
    const remove = () => server.call('/v1/upcasters/listed', { method: 'DELETE' })
    expect([(await remove()).status, (await remove()).status, (await get('listed')).code]).toEqual([
      204,
      404,
      'NOT_FOUND',
    ])
    expect((await jsonOf(put('listed', [TO_2]))).version).toBe(3)
  })

  test('is made by administrators only', async () => {
    expect((await put('guarded', [TO_2], agent('builder'))).status).toBe(403)
    expect((await server.call('/v1/upcasters/guarded', { method: 'DELETE', as: agent('builder') })).status).toBe(403)
  })
})

describe('what is refused', () => {
  const doing = (operation: unknown) => [{ from: 1, to: 2, ops: [operation] }]

  test.each<readonly [string, unknown, string]>([
    ['no steps', [], '/steps'],
    ['a chain in a circle', [TO_2, { ...TO_2, from: 2, to: 1 }], '/steps/1/to'],
    ['a step to itself', [{ ...TO_2, to: 1 }], '/steps/0/to'],
    ['a longer circle', [TO_2, TO_3, { ...TO_2, from: 3, to: 1 }], '/steps/2/to'],
    ['two ways from one version', [TO_2, { ...TO_2, to: 3 }], '/steps/1/from'],
    ['a gap', [TO_2, { ...TO_3, from: 5, to: 6 }], '/steps/1/from'],
    ['a version beyond 2^53', [{ ...TO_2, to: 1e300 }], '/steps/0/to'],
    ['code', doing({ op: 'javascript', path: '/a' }), '/steps/0/ops/0/op'],
    ['an operation by an inherited name', doing({ op: 'constructor', path: '/a' }), '/steps/0/ops/0/op'],
    ['10,000 operations', [{ from: 1, to: 2, ops: Array(10_000).fill({ op: 'remove', path: '/a' }) }], '/steps/0/ops'],
    ['a path that is too deep', doing({ op: 'remove', path: '/a'.repeat(33) }), '/steps/0/ops/0/path'],
    ['a path to everything', doing({ op: 'remove', path: '' }), '/steps/0/ops/0/path'],
    ['a move into itself', doing({ op: 'move', from: '/a', to: '/a/b' }), '/steps/0/ops/0/to'],
  ])('%s, with the old definition in force and nothing written', async (_, steps, pointer) => {
    await put('kept', [TO_2])
    await append('kept', 'kept', { owner: 'ada' })
    const size = await bookSize()
    const answer = await put('kept', steps)
    const { code, errors } = await jsonOf(answer)
    expect([answer.status, code]).toEqual([400, 'INVALID_REQUEST'])
    expect(errors).toContainEqual({ pointer, detail: expect.any(String) })
    expect([(await get('kept')).steps, await bookSize()]).toEqual([[TO_2], size])
    expect(await lastOf('kept')).toEqual({ agent: 'ada' })
  })

  test.each(['a%20b', '1a', 'a*', '$x'])('the type %s', async type => {
    expect((await put(type, [TO_2])).status).toBe(400)
  })
})
