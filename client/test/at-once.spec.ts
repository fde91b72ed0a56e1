// Many calls of append at once ride a socket, and a caller notices nothing of it: answers, errors, aborts, and every way a socket can fail.
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { RunningServer } from '../../test/support/running-server.js'
import { type Appended, LighthouseError } from '../src/lighthouse.js'
import { CuttingProxy } from './support/cutting-proxy.js'
import { Front, type Socketing } from './support/refusing-front.js'
import { all, type ClientWish, clientOf, startServer } from './support/server-and-client.js'

let server: RunningServer
let front: Front | undefined

beforeAll(async () => {
  server = await startServer()
})

afterEach(() => front?.stop())

afterAll(() => server.stop())

const event = (stream: string, n = 0) => ({ type: 'Told', stream, data: { n } })
/** No frame that the server reads has anything of this depth: it closes the socket over one. */
const deep = (stream: string) => ({ ...event(stream), data: JSON.parse(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`) })
const times = <T>(count: number, make: (n: number) => T) => Array.from({ length: count }, (_, n) => make(n))

function placesOf(appended: readonly Appended[]): readonly object[] {
  return appended
    .map(({ id, position, revision }) => ({ id, position, revision }))
    .toSorted((a, b) => a.position - b.position)
}

/** Appends many at once through a front, and expects each to be stored once and answered with where. */
async function throughFront(stream: string, socketing: Socketing, wish: ClientWish = {}): Promise<Front> {
  front = await Front.before(server.url, socketing)
  const lighthouse = clientOf(front, wish)
  const answers: Appended[] = []
  for (let round = 0; round < 2; round++) {
    answers.push(...(await Promise.all(times(50, n => lighthouse.append(event(stream, n))))))
  }
  const stored = await all(clientOf(server).read({ streams: stream }))
  expect(placesOf(answers)).toEqual(stored.map(({ id, position, revision }) => ({ id, position, revision })))
  return front
}

const FEATURED = { features: ['append.correlationId'] }

describe('many at once', () => {
  test('share one connection, and each has the answer and the correlation that it would have had alone', async () => {
    const proxy = await CuttingProxy.before(server.url, { seed: 1, bytes: [1, 1], cuts: 0 })
    try {
      const lighthouse = clientOf(proxy)
      const alone = await lighthouse.append(event('crowd'))
      const appended = await Promise.all(times(1_000, n => lighthouse.append(event('crowd', n))))
      // Those that were under way before the socket was open, and the socket.
      expect(proxy.connections).toBeLessThanOrEqual(6)
      expect(new Set(appended.map(({ revision }) => revision)).size).toBe(1_000)
      expect(new Set(appended.map(one => Object.keys(one).join())).add(Object.keys(alone).join()).size).toBe(1)
      const stored = await all(clientOf(server).read({ streams: 'crowd' }))
      expect(stored.find(({ id }) => id === appended[999]?.id)?.timestamp).toBe(appended[999]?.timestamp)
      expect(new Set(stored.map(({ correlationId }) => correlationId)).size).toBe(1_001)
    } finally {
      await proxy.stop()
    }
  })

  test('one after the other, they are plain requests on one connection', async () => {
    front = await Front.before(server.url, 'held')
    const lighthouse = clientOf(front)
    for (let n = 0; n < 20; n++) expect((await lighthouse.append(event('serial', n))).revision).toBe(n)
    expect([front.appends, front.upgrades]).toEqual([20, 0])
  })

  test('one that was awaited comes before those that follow, whichever way they go', async () => {
    const lighthouse = clientOf(server)
    const chain = async (stream: string) => {
      for (let n = 0; n < 30; n++) {
        const { revision } = await lighthouse.append(event(stream, n), { expectedRevision: n === 0 ? 'none' : n - 1 })
        expect(revision).toBe(n)
      }
    }
    await Promise.all(times(20, n => chain(`chain-${n}`)))
  })

  test('batches, keys, expectations and conditions mean the same', async () => {
    const lighthouse = clientOf(server)
    const crowd = times(20, n => lighthouse.append(event('beside', n)))
    const condition = { failIfEventsMatch: { items: [{ types: ['Told'], tags: ['once'] }] } }
    const [batch, first, again] = await Promise.all([
      lighthouse.append([event('pair'), event('pair')], {
        expectations: [{ stream: 'pair', expectedRevision: 'none' }],
      }),
      lighthouse.append(event('keyed'), { key: 'k-1', expectedRevision: 'none' }),
      lighthouse.append(event('keyed'), { key: 'k-1', expectedRevision: 'none' }),
      lighthouse.append({ ...event('claim'), tags: ['once'] }, { condition }),
      ...crowd,
    ])
    expect(batch.events.map(({ revision }) => revision)).toEqual([0, 1])
    expect(first.id).toBe(again.id)
    // What was sent over the socket is the same to the server as a plain request under its key.
    expect(await lighthouse.append(event('keyed'), { key: 'k-1', expectedRevision: 'none' })).toEqual({
      ...first,
      duplicate: true,
    })
  })

  test('what is refused is refused as it would have been alone', async () => {
    const lighthouse = clientOf(server)
    const small = clientOf(server, { role: 'agent', agent: 'small' })
    await lighthouse.append(event('refused'), { key: 'used' })
    const wrong = [
      () => lighthouse.append({ type: '7', stream: '', data: {} }, { expectedRevision: 0 }),
      () => lighthouse.append(event('refused'), { expectedRevision: 'none' }),
      () => lighthouse.append(event('refused', 1), { key: 'used' }),
      () => lighthouse.append({ ...event('refused'), extra: 1 } as never),
      () => lighthouse.append([]),
      () => small.append(event('refused')),
      () => lighthouse.append(deep('refused')),
    ]
    const told = (error: unknown) => {
      if (!(error instanceof LighthouseError)) throw error
      const { name, code, status, title, detail, retryable, outcome, errors, violations } = error
      return { name, code, status, title, detail, retryable, outcome, errors, violations }
    }
    const alone = []
    for (const append of wrong) alone.push(told(await append().catch((error: unknown) => error)))
    const crowds = [lighthouse, small].flatMap(one => times(8, n => one.append(event('agent_small', n)).catch(told)))
    const together = await Promise.all(wrong.map(append => append().catch((error: unknown) => told(error))))
    await Promise.all(crowds)
    expect(together).toEqual(alone)
  })

  test('its context names an append, and what it is refused for', async () => {
    const lighthouse = clientOf(server)
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const options = { context: { correlationId: 'build-42', traceparent } }
    const crowd = times(20, n => lighthouse.append(event('beside', n)))
    const { id } = await lighthouse.append(event('named'), options)
    expect(await lighthouse.event(id)).toMatchObject({ correlationId: 'build-42', traceparent })
    await expect(lighthouse.append(event('named'), { ...options, expectedRevision: 'none' })).rejects.toMatchObject({
      correlationId: 'build-42',
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    })
    await Promise.all(crowd)
  })

  test('one that is given up rejects with the reason of its signal, and the others do not', async () => {
    front = await Front.before(server.url, { welcome: FEATURED })
    const lighthouse = clientOf(front, { timeoutMs: 200 })
    const controller = new AbortController()
    const crowd = times(20, n => lighthouse.append(event('given-up', n)))
    const given = lighthouse.append(event('given-up'), { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(given).rejects.toThrow('enough')
    await expect(lighthouse.append(event('given-up'), { signal: controller.signal })).rejects.toThrow('enough')
    await Promise.all(crowd)
    expect(front.frames).toBeGreaterThan(0)
  })
})

describe('where no socket serves, all are plain requests', () => {
  test('behind a proxy that refuses it, which is not asked again at once', async () => {
    expect((await throughFront('no-upgrade', 'refused')).upgrades).toBe(1)
  })

  test('behind one that never answers', async () => {
    expect((await throughFront('no-answer', 'held', { timeoutMs: 200 })).upgrades).toBe(1)
  })

  test('on a server that gives them no correlation of their own', async () => {
    const { upgrades, frames, appends } = await throughFront('earlier', { welcome: {} })
    expect([upgrades, frames, appends]).toEqual([1, 0, 100])
  })

  test('on a platform that has none', async () => {
    const WebSocket = class {
      constructor() {
        throw new Error('there is none')
      }
    } as never
    expect((await throughFront('none', 'held', { WebSocket })).upgrades).toBe(0)
  })

  test('for who gives a fetch of their own', async () => {
    expect((await throughFront('by-fetch', 'held', { fetch: globalThis.fetch })).upgrades).toBe(0)
  })
})

describe('a socket that fails', () => {
  test('and falls silent is not waited for longer than was said', async () => {
    const { frames } = await throughFront('silent', { welcome: FEATURED }, { timeoutMs: 200 })
    expect(frames).toBeGreaterThan(0)
  })

  test.each([1006, 1001, 4401, 4400])('with %i fails no append', async code => {
    const onFrame = (_: unknown, socket: { close(code?: number): void; terminate(): void }) =>
      code === 1006 ? socket.terminate() : socket.close(code)
    const { frames } = await throughFront(`closed-${code}`, { welcome: FEATURED, onFrame })
    expect(frames).toBeGreaterThan(0)
  })

  test('over what one append holds fails that one alone, also for who never retries', async () => {
    const lighthouse = clientOf(server, { retry: false })
    const follow = lighthouse.follow({ streams: 'held-up' })
    const seen = follow.next()
    const good = times(50, n => lighthouse.append(event('held-up', n)))
    await expect(lighthouse.append(deep('held-up'))).rejects.toMatchObject({ status: 400, outcome: 'rejected' })
    await Promise.all(good)
    // A follow begins when it is asked for, and may begin behind all of them.
    await lighthouse.append(event('held-up'))
    expect((await seen).done).toBe(false)
    await follow.return()
  })

  test('through 100 cuts every append is stored exactly once, and answered with where', async () => {
    const proxy = await CuttingProxy.before(server.url, { seed: 11, bytes: [300, 6_000], cuts: 100 })
    try {
      const lighthouse = clientOf(proxy)
      const answers: Appended[] = []
      while (proxy.cuts < 100) {
        answers.push(...(await Promise.all(times(40, n => lighthouse.append(event('cut-crowd', answers.length + n))))))
      }
      const stored = await all(clientOf(server).read({ streams: 'cut-crowd' }))
      expect(placesOf(answers)).toEqual(stored.map(({ id, position, revision }) => ({ id, position, revision })))
      expect(new Set(stored.map(({ data }) => data['n'])).size).toBe(answers.length)
      expect(answers.some(({ duplicate }) => duplicate)).toBe(true)
    } finally {
      await proxy.stop()
    }
  }, 60_000)
})
