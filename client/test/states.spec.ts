// What is made of events: states by the server or by a function here, projections, snapshots, causes, and an export.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type RunningServer, tokenOf } from '../../test/support/running-server.js'
import { CuttingProxy } from './support/cutting-proxy.js'
import { LosingProxy } from './support/losing-proxy.js'
import { all, clientOf, startServer } from './support/server-and-client.js'

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
  const events = Array.from({ length: 1_000 }, (_, n) => ({
    type: n % 2 === 0 ? 'Opened' : 'Done',
    stream: `tasks/${n % 10}`,
    data: { n, [`key${n % 7}`]: n },
  }))
  await clientOf(server).append(events)
})

afterAll(() => server.stop())

interface Counts {
  readonly total: number
  readonly byType: { readonly [type: string]: number }
}

test('a function here makes of the events what the server makes of them', async () => {
  const lighthouse = clientOf(server)
  const filter = { streams: 'tasks/*' }
  const told = await lighthouse.replay<Counts>({ filter, reducer: 'count' })
  const { state, position, events } = await lighthouse.fold<Counts>(
    ({ total, byType }, { type }) => ({ total: total + 1, byType: { ...byType, [type]: (byType[type] ?? 0) + 1 } }),
    { state: { total: 0, byType: {} } },
    filter,
  )
  expect(state).toEqual(told.state)
  expect(state).toEqual({ total: 1_000, byType: { Opened: 500, Done: 500 } })
  expect([position <= told.position, events]).toEqual([true, told.events])
})

test('a fold goes on from where an earlier one has ended, through broken connections too', async () => {
  const proxy = await CuttingProxy.before(server.url, { seed: 3, bytes: [20_000, 60_000], cuts: 5 })
  try {
    const sum = (state: number, { data }: { data: { n?: unknown } }) => state + Number(data.n)
    const streams = 'tasks/*'
    const half = await clientOf(proxy).fold(sum, { state: 0 }, { streams, limit: 400 })
    const whole = await clientOf(proxy).fold(sum, half, { streams })
    expect([half.events, whole.events, whole.state]).toEqual([400, 1_000, (999 * 1_000) / 2])
    expect(proxy.cuts).toBe(5)
  } finally {
    await proxy.stop()
  }
})

test('the state of a stream, then and now, and a replay that goes on from it', async () => {
  const lighthouse = clientOf(server)
  const now = await lighthouse.state<{ n: number }>('tasks/3')
  expect([now.state.n, now.events, now.damaged]).toEqual([993, 100, []])
  const then = await lighthouse.state<{ n: number }>('tasks/3', { at: 500, reducer: 'last' })
  expect(then.state.n).toBeLessThan(500)
  const { state, events } = then
  const filter = { streams: ['tasks/3'] }
  const further = await lighthouse.replay({ filter, reducer: 'last', after: then.position, initial: { state, events } })
  expect([(further.state as { n: number }).n, further.events]).toEqual([993, 100])
  await expect(lighthouse.state('tasks/3', { at: new Date('2999-01-01') })).rejects.toMatchObject({ status: 400 })
  await expect(lighthouse.replay({ filter: { streams: [] } })).rejects.toThrow(TypeError)
})

test('a projection is defined, asked for its state and its keys, and deleted', async () => {
  const lighthouse = clientOf(server)
  const projection = lighthouse.projection<{ events: number }>('by-n')
  expect(await projection.definition()).toBeUndefined()
  const definition = {
    filter: { streams: 'tasks/*' },
    key: 'data.n',
    on: { '*': [{ op: 'increment', path: '/events', by: 1 }] },
  } as const
  expect(await projection.define(definition)).toMatchObject({ name: 'by-n', version: 1, definedBy: 'tester' })
  expect(await projection.define(definition)).toEqual(await projection.definition())
  expect((await lighthouse.projections()).map(({ name, version }) => [name, version])).toEqual([['by-n', 1]])
  expect(await projection.state({ key: '7' })).toMatchObject({ state: { events: 1 }, projection: 'by-n', version: 1 })
  await expect(projection.state({ key: '7', at: 5 })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const keys = await all(projection.keys())
  expect([keys.length, new Set(keys.map(({ key }) => key)).size]).toEqual([1_000, 1_000])
  expect(await all(projection.keys({ limit: 3, after: '99' }))).toHaveLength(3)
  const proxy = await LosingProxy.before(server.url, 'DELETE', 1)
  await clientOf(proxy).projection('by-n').delete()
  await proxy.stop()
  expect([proxy.lost, await projection.definition()]).toEqual([1, undefined])
  expect(await projection.definition({ version: 1 })).toMatchObject({ key: 'data.n' })
})

test('a snapshot is kept, looked at, verified, protected and removed', async () => {
  const { snapshots } = clientOf(server)
  const { fold, snapshot } = await snapshots.keep({ filter: { streams: 'tasks/3' }, reducer: 'last', name: 'third' })
  expect([fold.name, snapshot]).toEqual(['third', expect.objectContaining({ fold: fold.id, events: 100 })])
  const { id } = snapshot ?? { id: '' }
  expect(await snapshots.list()).toMatchObject({ folds: [{ id: fold.id }], snapshots: [{ id }] })
  expect(await snapshots.get(id)).toEqual(snapshot)
  expect((await snapshots.state<{ n: number }>(id)).state.n).toBe(993)
  expect(await snapshots.verify(id)).toEqual({ verdict: 'sound', quarantined: [], made: null })
  expect((await snapshots.protect(id)).protected).toBe(true)
  expect((await snapshots.unprotect(id)).protected).toBe(false)
  expect(await snapshots.delete(id)).toEqual([id])
  expect(await snapshots.get(id)).toBeUndefined()
  await snapshots.release(fold.id)
  expect((await snapshots.list()).folds).toEqual([])
})

test('why an event happened, what came of it, and the whole story', async () => {
  const lighthouse = clientOf(server)
  const stream = 'story'
  const told = { stream, data: {}, correlationId: 'story-1' }
  const asked = await lighthouse.append({ ...told, type: 'Asked' })
  const done = await lighthouse.append({ ...told, type: 'Done', causationId: asked.id })
  const noted = await lighthouse.append({ ...told, type: 'Noted', causationId: done.id, parents: [asked.id] })
  const causes = await lighthouse.causes(noted.id)
  expect(causes.events.map(({ id, depth }) => [id, depth])).toEqual([
    [noted.id, 0],
    [done.id, 1],
    [asked.id, 1],
  ])
  expect(causes.links).toContainEqual({ cause: asked.id, effect: noted.id, by: 'parent' })
  const effects = await lighthouse.effects(asked.id, { limit: 1 })
  expect([effects.events.length, effects.complete]).toEqual([2, false])
  expect((await all(lighthouse.correlation('story-1'))).map(({ id }) => id)).toEqual([asked.id, done.id, noted.id])
})

test('an export has every line once, through broken connections too, and ends with the proof that it is whole', async () => {
  const headers = { authorization: `Bearer ${await tokenOf({ sub: 'tester', role: 'admin' })}` }
  const proxy = await CuttingProxy.before(server.url, { seed: 5, bytes: [20_000, 90_000], cuts: 4 })
  try {
    const lines = await all(clientOf(proxy).export())
    const whole = await (await fetch(`${server.url}/v1/export`, { headers })).text()
    expect([proxy.cuts, lines.join('\n')]).toEqual([4, whole.trimEnd()])
    const rest = await all(clientOf(server).export({ after: 1_000 }))
    expect(rest.slice(0, -1)).toEqual(lines.slice(1_000, -1))
  } finally {
    await proxy.stop()
  }
})
