// Appends through the shared socket: many under way, each answered, and stored once however often it breaks.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { RunningServer } from '../../test/support/running-server.js'
import { CuttingProxy } from './support/cutting-proxy.js'
import { all, clientOf, startServer } from './support/server-and-client.js'

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})

afterAll(() => server.stop())

test('one and many, with expectations, answered as over HTTP', async () => {
  const lighthouse = clientOf(server)
  const appender = lighthouse.appender()
  const event = { type: 'Told', stream: 'piped', data: { n: 1 } }
  const one = await appender.append(event, { expectedRevision: 'none', key: 'piped-1' })
  expect(one).toMatchObject({ stream: 'piped', revision: 0, duplicate: false, durability: 'fsync' })
  expect(one.timestamp).toBe((await lighthouse.event(one.id))?.timestamp)
  expect(await appender.append(event, { expectedRevision: 'none', key: 'piped-1' })).toEqual({
    ...one,
    duplicate: true,
  })
  const many = await appender.append([event, event])
  expect(many).toMatchObject({ firstPosition: one.position + 1, lastPosition: one.position + 2 })
  await expect(appender.append(event, { expectedRevision: 'none' })).rejects.toMatchObject({
    name: 'ConflictError',
    code: 'REVISION_CONFLICT',
    outcome: 'rejected',
    violations: [{ kind: 'revision', stream: 'piped', expected: 'none', actual: 2 }],
  })
  await appender.close()
  await expect(appender.append(event)).rejects.toMatchObject({ code: 'CLOSED', outcome: 'rejected' })
})

test('thousands at once go in their order, and are all there when it is closed', async () => {
  const appender = clientOf(server).appender({ inFlight: 50 })
  const answers = Array.from({ length: 3_000 }, (_, n) =>
    appender.append({ type: 'Told', stream: 'line', data: { n } }),
  )
  await appender.close()
  expect(appender.pending).toBe(0)
  expect((await Promise.all(answers)).map(({ revision }) => revision)).toEqual(answers.map((_, n) => n))
})

test('through 200 cuts every append is stored exactly once, and answered with where', async () => {
  const proxy = await CuttingProxy.before(server.url, { seed: 5, bytes: [300, 4_000], cuts: 200 })
  try {
    const appender = clientOf(proxy).appender({ inFlight: 16 })
    const answers = []
    while (proxy.cuts < 200) {
      const batch = Array.from({ length: 50 }, (_, n) => {
        return appender.append({ type: 'Told', stream: 'cut-line', data: { n: answers.length + n } })
      })
      answers.push(...(await Promise.all(batch)))
    }
    await appender.close()
    const stored = await all(clientOf(server).read({ streams: 'cut-line' }))
    const byPosition = answers.toSorted((a, b) => a.position - b.position)
    expect(stored.map(({ id }) => id)).toEqual(byPosition.map(({ id }) => id))
    expect(new Set(stored.map(event => event.data['n'])).size).toBe(answers.length)
    expect(answers.some(({ duplicate }) => duplicate)).toBe(true)
  } finally {
    await proxy.stop()
  }
}, 120_000)

test('an append that is given up rejects with the reason of its signal', async () => {
  const appender = clientOf({ url: 'http://127.0.0.1:2' }).appender()
  const controller = new AbortController()
  const answer = appender.append({ type: 'Told', stream: 'a', data: {} }, { signal: controller.signal })
  controller.abort(new Error('enough'))
  await expect(answer).rejects.toThrow('enough')
  await appender.close()
})

test('with nobody there, it says after its tries that nothing was stored', async () => {
  const appender = clientOf({ url: 'http://127.0.0.1:2' }, { retry: { attempts: 3, firstDelayMs: 1 } }).appender()
  await expect(appender.append({ type: 'Told', stream: 'a', data: {} })).rejects.toMatchObject({
    name: 'NetworkError',
    outcome: 'rejected',
    retryable: true,
  })
  await appender.close()
})
