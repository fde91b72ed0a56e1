// States of events: made by the server, or here by a function, and the same.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { RunningServer } from '../../test/support/running-server.js'
import { CuttingProxy } from './support/cutting-proxy.js'
import { clientOf, startServer } from './support/server-and-client.js'

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
