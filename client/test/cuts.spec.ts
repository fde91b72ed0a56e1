// Connections that break in the middle of everything: what is appended is stored once, what is read comes once, in order.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { tries } from '../../test/support/effort.js'
import type { RunningServer } from '../../test/support/running-server.js'
import { type Appended, isIndeterminate, type RecordedEvent } from '../src/lighthouse.js'
import { CuttingProxy } from './support/cutting-proxy.js'
import { all, clientOf, startServer } from './support/server-and-client.js'

// By fetch they are tried as well, and fewer: what goes on after a cut is the same code.
const byFetch = process.env['CLIENT_OVER'] === 'fetch'
const CUTS = byFetch ? 80 : tries(300, 120)
const READ_CUTS = byFetch ? 40 : tries(200, 80)
let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})

afterAll(() => server.stop())

const place = ({ id, position, stream, revision }: RecordedEvent | Appended) => ({ id, position, stream, revision })

test('appends through many cuts are stored exactly once, and answered with where', async () => {
  const proxy = await CuttingProxy.before(server.url, { seed: 4711, bytes: [100, 1_500], cuts: CUTS })
  const lighthouse = clientOf(proxy)
  const told: Appended[] = []
  const write = async (writer: number) => {
    for (let n = 0; proxy.cuts < CUTS; n++) {
      told.push(await lighthouse.append({ type: 'Told', stream: `cut-writer-${writer}`, data: { n } }))
    }
  }
  try {
    await Promise.all([0, 1, 2, 3].map(write))
    const stored = await all(clientOf(server).read({ streams: 'cut-writer-*' }))
    expect(stored.map(place)).toEqual(told.map(place).toSorted((a, b) => a.position - b.position))
    for (const writer of [0, 1, 2, 3]) {
      const own = stored.filter(event => event.stream === `cut-writer-${writer}`)
      expect(own.map(event => event.data['n'])).toEqual(own.map((_, n) => n))
    }
    // Some had been stored when their answer was cut off.
    expect(told.some(appended => appended.duplicate)).toBe(true)
    expect(proxy.cuts).toBeGreaterThanOrEqual(CUTS)
  } finally {
    await proxy.stop()
  }
}, 120_000)

test('a read through many cuts, while others append, has every event once and in order', async () => {
  const direct = clientOf(server)
  const batch = (n: number) =>
    Array.from({ length: 500 }, (_, i) => ({ type: 'Row', stream: 'rows', data: { n: n + i } }))
  for (let n = 0; n < 2_000; n += 500) await direct.append(batch(n))
  for (const order of ['asc', 'desc'] as const) {
    const proxy = await CuttingProxy.before(server.url, { seed: 42, bytes: [700, 7_000], cuts: READ_CUTS })
    try {
      const seen: number[] = []
      for await (const event of clientOf(proxy).read({ streams: 'rows', order })) {
        seen.push(event.position)
        if (order === 'asc' && seen.length % 1_000 === 0) await direct.append(batch(2_000))
      }
      const stored = (await all(direct.read({ streams: 'rows', order }))).map(event => event.position)
      expect(seen).toEqual(stored.slice(0, seen.length))
      expect([proxy.cuts, seen.length >= 2_000]).toEqual([READ_CUTS, true])
    } finally {
      await proxy.stop()
    }
  }
}, 120_000)

test('an append whose tries all break says that it may be stored, and its key tells', async () => {
  const proxy = await CuttingProxy.before(server.url, { seed: 3, bytes: [900, 900], cuts: 1_000 })
  try {
    const lighthouse = clientOf(proxy, { retry: { attempts: 3, firstDelayMs: 1 } })
    const event = { type: 'Doubted', stream: 'doubt', data: { padding: 'x'.repeat(700) } }
    const error = await lighthouse.append(event).catch((failure: unknown) => failure)
    if (!isIndeterminate(error)) throw error
    expect(error).toMatchObject({ name: 'NetworkError', code: 'NETWORK', retryable: true })
    const known = await clientOf(server).append(event, { key: error.key })
    expect(await clientOf(server).append(event, { key: error.key })).toEqual({ ...known, duplicate: true })
    expect((await all(clientOf(server).readStream('doubt'))).length).toBe(1)
  } finally {
    await proxy.stop()
  }
})

test('a server that falls silent is not waited for longer than was said', async () => {
  const proxy = await CuttingProxy.before(server.url, { seed: 3, bytes: [1, 1], cuts: 0 })
  try {
    const event = { type: 'Told', stream: 'silence', data: {} }
    const lighthouse = clientOf(proxy, { timeoutMs: 200 })
    await lighthouse.append(event)
    // The connection that is kept open is silent; the next try makes another.
    proxy.freeze()
    expect(await lighthouse.append(event)).toMatchObject({ revision: 1 })
    const token = () => new Promise<string>(() => undefined)
    await expect(clientOf(server, { token, timeoutMs: 50, retry: false }).head()).rejects.toMatchObject({
      code: 'NETWORK',
    })
  } finally {
    await proxy.stop()
  }
})
