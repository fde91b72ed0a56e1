// Projections over HTTP: defined, versioned, listed, deleted; their states now and at any moment; and nothing of what a token may not read.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { agent, jsonOf, type ServerUnderTest, startServer } from '../../test/support/http-server-under-test.js'
import { DEFINITION_LIMITS } from '../definitions/definition-limits.js'
import { EventsModule } from '../events/events.module.js'
import { ReplayModule } from '../replay/replay.module.js'
import { ProjectionsModule } from './projections.module.js'

let server: ServerUnderTest

beforeAll(async () => {
  server = await startServer([ProjectionsModule, EventsModule, ReplayModule])
})
afterAll(() => server.stop())

const put = (name: string, json: unknown, as?: ReturnType<typeof agent>) =>
  server.call(`/v1/projections/${name}`, { method: 'PUT', json, ...(as === undefined ? undefined : { as }) })
const get = (path: string, as?: ReturnType<typeof agent>) =>
  jsonOf(server.call(`/v1/projections/${path}`, as === undefined ? {} : { as }))
const append = async (stream: string, type: string, data: object) =>
  jsonOf(server.call('/v1/events', { json: { stream, type, data } }))
const bookSize = async () => (await jsonOf(server.call('/v1/events?stream=$projections&limit=10000'))).events.length

const tasksOf = (streams: string, more: object = {}) => ({
  filter: { streams: [streams] },
  key: 'data.task',
  on: {
    opened: [
      { op: 'set', path: '/title', from: 'data.title' },
      { op: 'set', path: '/status', value: 'open' },
    ],
    done: [{ op: 'set', path: '/status', value: 'done' }],
    '*': [{ op: 'increment', path: '/events' }],
    deleted: [{ op: 'remove', path: '' }],
  },
  ...more,
})
const readerOf = (...streams: string[]) => agent('reader', 'agent', { 'events.read': streams })

describe('a definition', () => {
  test('is new, then known; a change is a version, the same text again is none', async () => {
    const definition = tasksOf('life-*', { description: 'tasks' })
    const made = await put('life', definition)
    expect([made.status, await made.json()]).toEqual([
      201,
      { name: 'life', version: 1, ...definition, definedBy: 'operator', definedAt: expect.any(String) },
    ])
    const size = await bookSize()
    const again = await put('life', definition)
    expect([again.status, (await jsonOf(again)).version, await bookSize()]).toEqual([200, 1, size])
    const changed = await put('life', tasksOf('life-*'))
    expect([changed.status, (await jsonOf(changed)).version, await bookSize()]).toEqual([200, 2, size + 1])
    expect((await get('life')).description).toBeUndefined()
    expect(await get('life?version=1')).toMatchObject({ version: 1, description: 'tasks' })
    const { projections } = await jsonOf(server.call('/v1/projections'))
    expect(projections.filter(({ name }: { name: string }) => name === 'life')).toEqual([
      { name: 'life', version: 2, live: false, definedBy: 'operator', definedAt: expect.any(String) },
    ])
  })

  test('that was deleted is gone, but for its versions; defined anew it goes on counting', async () => {
    await put('gone', tasksOf('gone-*'))
    await append('gone-1', 'opened', { task: 'a', title: 'A' })
    const remove = () => server.call('/v1/projections/gone', { method: 'DELETE' })
    expect((await remove()).status).toBe(204)
    expect((await remove()).status).toBe(404)
    for (const path of ['gone', 'gone/state', 'gone/keys', 'gone?version=2', 'gone/state?version=2']) {
      expect([path, (await get(path)).code]).toEqual([path, 'NOT_FOUND'])
    }
    expect((await jsonOf(server.call('/v1/replay', { json: { projection: 'gone' } }))).code).toBe('NOT_FOUND')
    expect(await get('gone?version=1')).toMatchObject({ version: 1, key: 'data.task' })
    expect((await get('gone/state?version=1')).state).toEqual({ a: { title: 'A', status: 'open', events: 1 } })
    const anew = await put('gone', tasksOf('gone-*'))
    expect([anew.status, (await jsonOf(anew)).version]).toEqual([201, 3])
  })

  test('is made by administrators only, and read by who may read events', async () => {
    await put('ours', tasksOf('ours-*'))
    expect((await put('theirs', tasksOf('*'), agent('builder'))).status).toBe(403)
    expect((await server.call('/v1/projections/ours', { method: 'DELETE', as: agent('builder') })).status).toBe(403)
    expect(await get('ours', agent('builder'))).toMatchObject({ name: 'ours' })
    expect(await get('ours', agent('nobody', 'agent', {}))).toMatchObject({ code: 'FORBIDDEN' })
  })

  test('may be made by many at once: each change is one version, and the last is in force', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => jsonOf(put('race', tasksOf('race', { description: `${n % 8}` })))),
    )
    const byVersion = new Map(answers.map(({ version, description }) => [version, description]))
    const versions = [...byVersion.keys()].sort((a, b) => a - b)
    expect(versions).toEqual(versions.map((_, i) => i + 1))
    const current = await get('race')
    expect([current.version, current.description]).toEqual([versions.at(-1), byVersion.get(versions.at(-1))])
    for (const version of versions) {
      expect((await get(`race?version=${version}`)).description).toBe(byVersion.get(version))
    }
  })

  test('comes back as it was said, whatever its keys are called', async () => {
    const text =
      '{"initial":{"__proto__":{"constructor":[1.5,null,"é"]}},"on":{"__proto__":[{"op":"merge","path":"/__proto__","value":{"constructor":null,"toString":1}}],"constructor":[{"op":"set","path":"/constructor/prototype","from":"/data/__proto__"}]}}'
    const answer = await server.call('/v1/projections/odd', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: text,
    })
    expect(answer.status).toBe(201)
    const read = await (await server.call('/v1/projections/odd')).text()
    expect(read).toContain(text.slice(1, -1))
    expect(({} as { toString: unknown }).toString).toBe(Object.prototype.toString)
  })
})

describe('what is refused', () => {
  const one = (operation: unknown) => ({ on: { T: [operation] } })
  const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`)

  test.each<readonly [string, unknown, string]>([
    ['nothing', {}, '/on'],
    ['a field nobody knows', { ...one({ op: 'remove', path: '' }), code: 'x' }, '/code'],
    ['code', one({ op: 'eval', path: '/a', value: 'process.exit()' }), '/on/T/0/op'],
    ['an operation by an inherited name', one({ op: '__proto__', path: '/a' }), '/on/T/0/op'],
    ['a path that is too deep', one({ op: 'remove', path: '/a'.repeat(33) }), '/on/T/0/path'],
    ['a source that is too deep', one({ op: 'set', path: '', from: `data${'.a'.repeat(33)}` }), '/on/T/0/from'],
    ['a literal that is too deep', one({ op: 'set', path: '', value: deep }), '/on/T/0/value'],
    ['10,000 operations', { on: { T: Array(10_000).fill({ op: 'remove', path: '/a' }) } }, '/on/T'],
    ['a step as text', one({ op: 'increment', path: '/n', by: 'NaN' }), '/on/T/0/by'],
    ['no step at all', one({ op: 'increment', path: '/n', by: null }), '/on/T/0/by'],
    ['a step beyond 2^53', one({ op: 'increment', path: '/n', by: 1e300 }), '/on/T/0/by'],
    ['a key of no event', { key: 'body.x', ...one({ op: 'remove', path: '' }) }, '/key'],
    ['a filter by scope', { filter: { within: ['*'] }, ...one({ op: 'remove', path: '' }) }, '/filter/within'],
    ['a wish that is no yes or no', { live: 'yes', ...one({ op: 'remove', path: '' }) }, '/live'],
  ])('%s, with the old definition in force and nothing written', async (_, definition, pointer) => {
    await put('kept', tasksOf('kept-*'))
    const [before, size] = [await get('kept'), await bookSize()]
    const answer = await put('kept', definition)
    const { code, errors } = await jsonOf(answer)
    expect([answer.status, code]).toEqual([400, 'INVALID_REQUEST'])
    expect(errors).toContainEqual({ pointer, detail: expect.any(String) })
    expect([await get('kept'), await bookSize()]).toEqual([before, size])
  })

  test.each(['{"on":{"T":[{"op":"increment","path":"/n","by":1e999}]}}', '{"on":{"T":[{"by":NaN}]}}', '[]', '7', ''])(
    'the body %j',
    async body => {
      const size = await bookSize()
      const headers = { 'content-type': 'application/json' }
      const answer = await server.call('/v1/projections/raw', { method: 'PUT', headers, body })
      expect([answer.status, (await jsonOf(answer)).type]).toEqual([400, expect.stringContaining('/problems/')])
      expect([await bookSize(), (await get('raw')).code]).toEqual([size, 'NOT_FOUND'])
    },
  )

  test.each(['.hidden', '$own', 'a%20b', 'a%2Fb', 'a'.repeat(65)])('the name %s', async name => {
    const answer = await put(name, one({ op: 'remove', path: '' }))
    expect([answer.status, (await jsonOf(answer)).code]).toEqual([400, 'INVALID_REQUEST'])
  })

  test('one projection more than a server keeps live', async () => {
    const live = (n: number) => put(`live-${n}`, tasksOf('live-*', { live: true }))
    const { liveProjections } = DEFINITION_LIMITS
    for (let n = 0; n < liveProjections; n++) expect((await live(n)).status).toBe(201)
    const answer = await live(liveProjections)
    expect([answer.status, (await jsonOf(answer)).code]).toEqual([409, 'TOO_MANY_DEFINITIONS'])
    expect((await live(3)).status).toBe(200)
    for (let n = 0; n < liveProjections; n++) {
      await server.call(`/v1/projections/live-${n}`, { method: 'DELETE' })
    }
    expect((await live(0)).status).toBe(201)
  })
})

describe('the state of a projection', () => {
  const moments: { position: number; id: string; timestamp: string }[] = []
  beforeAll(async () => {
    await put('work', tasksOf('work-*'))
    await put('sum', { filter: { streams: ['work-*'] }, on: { '*': [{ op: 'increment', path: '/n' }] } })
    for (const [type, task] of [
      ...([
        ['opened', 'b'],
        ['opened', 'a'],
        ['done', 'a'],
        ['opened', 'c'],
        ['deleted', 'b'],
      ] as const),
    ]) {
      moments.push(await append(`work-${task}`, type, { task, title: task.toUpperCase() }))
    }
  })

  test('is told now and at any moment, whole or of one key', async () => {
    const a = { title: 'A', status: 'done', events: 2 }
    const c = { title: 'C', status: 'open', events: 1 }
    expect(await get('work/state')).toMatchObject({
      projection: 'work',
      version: 1,
      live: false,
      events: 5,
      state: { a, c },
    })
    expect(await get('work/state?key=a')).toMatchObject({ key: 'a', state: a })
    expect((await get('work/state?key=b')).code).toBe('NOT_FOUND')
    for (const key of ['__proto__', 'constructor', 'toString']) {
      expect((await get(`work/state?key=${key}`)).code).toBe('NOT_FOUND')
    }
    const second = moments[1] as (typeof moments)[number]
    for (const at of [second.position, second.id]) {
      expect(await get(`work/state?key=a&at=${at}`)).toMatchObject({
        state: { title: 'A', status: 'open', events: 1 },
        position: second.position,
        events: 2,
      })
    }
    expect((await get('work/state?at=999999')).errors).toMatchObject([{ pointer: '/at' }])
    expect((await get('sum/state?key=n')).errors).toMatchObject([{ pointer: '/key' }])
    expect((await get('work/state?colour=red')).errors).toMatchObject([{ pointer: '/colour' }])
  })

  test('is what a replay through it comes to, in any pieces', async () => {
    const replay = (json: object) => jsonOf(server.call('/v1/replay', { json: { projection: 'work', ...json } }))
    const whole = await replay({})
    expect(whole.state).toEqual((await get('work/state')).state)
    const { state, position, events } = await replay({ at: moments[2]?.position })
    expect(await replay({ after: position, initial: { state, events } })).toEqual({
      ...whole,
      head: expect.any(Number),
    })
    const refused = async (json: object) =>
      (await replay(json)).errors.map(({ pointer }: { pointer: string }) => pointer)
    expect(await refused({ filter: {}, reducer: 'last', key: 'data.a' })).toEqual(['/filter', '/reducer', '/key'])
    expect(await refused({ initial: { state: [] } })).toEqual(['/initial/state'])
    expect(await jsonOf(server.call('/v1/replay', { json: { version: 1 } }))).toMatchObject({
      errors: [{ pointer: '/version' }],
    })
  })

  test('is folded of what a token may read, and of nothing else', async () => {
    for (const [streams, state] of [
      [['work-a'], { a: { title: 'A', status: 'done', events: 2 } }],
      [['other-*'], {}],
      [['work-b', 'work-c'], { c: { title: 'C', status: 'open', events: 1 } }],
    ] as const) {
      const reader = readerOf(...streams)
      expect((await get('work/state', reader)).state).toEqual(state)
      expect((await get('work/keys', reader)).keys.map(({ key }: { key: string }) => key)).toEqual(Object.keys(state))
    }
    expect((await get('work/state?key=a', readerOf('work-c'))).code).toBe('NOT_FOUND')
  })
})

describe('the keys of a projection', () => {
  const names = ['', '10', '9', 'B', '__proto__', 'a', 'constructor', 'é', '😀']

  test('come in pages, in the order of their code units, each key once', async () => {
    await put('paged', tasksOf('paged'))
    for (const task of [...names].reverse()) await append('paged', 'opened', { task })
    const sorted = [...names].sort()
    for (const limit of [1, 2, 3, 100]) {
      const seen: string[] = []
      let after: string | null | undefined
      do {
        const from = after === undefined ? '' : `&after=${encodeURIComponent(after as string)}`
        const page = await get(`paged/keys?limit=${limit}${from}`)
        expect(page.keys.length).toBeLessThanOrEqual(limit)
        seen.push(...page.keys.map(({ key }: { key: string }) => key))
        expect(page.keys[0].state).toMatchObject({ status: 'open', events: 1 })
        after = page.next
      } while (after !== null)
      expect(seen).toEqual(sorted)
    }
  })

  test('are of one moment when they are asked for at one', async () => {
    await put('moment', tasksOf('moment'))
    for (const task of ['a', 'b', 'c']) await append('moment', 'opened', { task })
    const first = await get('moment/keys?limit=1')
    await append('moment', 'deleted', { task: 'b' })
    const keysOf = async (query: string) =>
      (await get(`moment/keys?after=a${query}`)).keys.map(({ key }: { key: string }) => key)
    expect(await keysOf('')).toEqual(['c'])
    expect(await keysOf(`&at=${first.position}`)).toEqual(['b', 'c'])
  })

  test.each([
    ['limit=0', '/limit'],
    ['limit=1001', '/limit'],
    ['limit=x', '/limit'],
    ['at=never', '/at'],
    ['version=0', '/version'],
  ])('are refused with %s', async (query, pointer) => {
    await put('paged-bad', tasksOf('paged-bad'))
    expect((await get(`paged-bad/keys?${query}`)).errors).toMatchObject([{ pointer }])
  })

  test('are those of a projection with keys only', async () => {
    await put('one-state', { on: { T: [{ op: 'increment', path: '/n' }] } })
    expect(await get('one-state/keys')).toMatchObject({ code: 'INVALID_REQUEST' })
  })
})
