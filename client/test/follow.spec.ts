// Follows against the real gateway: from the past into what comes, many on one socket, bounded, and ended without a trace.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type RunningServer, tokenOf } from '../../test/support/running-server.js'
import type { Following, Lighthouse, NewEvent } from '../src/lighthouse.js'
import { CuttingProxy } from './support/cutting-proxy.js'
import { all, clientOf, startServer } from './support/server-and-client.js'

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})

afterAll(() => server.stop())

const told = (stream: string, count: number, from = 0): NewEvent[] =>
  Array.from({ length: count }, (_, n) => ({ type: 'Told', stream, data: { n: from + n } }))

async function take(following: Following, count: number): Promise<number[]> {
  const seen: number[] = []
  while (seen.length < count) {
    const { done, value } = await following.next()
    if (done) throw new Error(`it ended after ${seen.length}`)
    seen.push(value.data['n'] as number)
  }
  return seen
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

test('from the start through the past into what comes', async () => {
  const lighthouse = clientOf(server)
  await lighthouse.append(told('past', 100))
  const live = Promise.withResolvers<number>()
  const following = lighthouse.follow({ streams: 'past', after: 'start', onCaughtUp: live.resolve })
  const seen = take(following, 150)
  await live.promise
  for (let n = 100; n < 150; n++) await lighthouse.append(told('past', 1, n))
  expect(await seen).toEqual(upTo(150))
  expect(following.position).toBe((await lighthouse.stream('past'))?.last?.position)
  await following.return()
  expect(await following.next()).toEqual({ done: true, value: undefined })
})

test('from a position, an event and a time; break ends it', async () => {
  const lighthouse = clientOf(server)
  const { events } = await lighthouse.append(told('places', 10))
  const third = await lighthouse.event(events[2]?.id as string)
  for (const after of [third?.position, third?.id] as const) {
    for await (const event of lighthouse.follow({ streams: 'places', after })) {
      expect(event.data['n']).toBe(3)
      break
    }
  }
  for await (const event of lighthouse.follow({ streams: 'places', after: third?.timestamp })) {
    expect(event.position).toBeLessThanOrEqual(third?.position as number)
    break
  }
})

test('what is wrong with a follow is told to it, and to no other', async () => {
  const lighthouse = clientOf(server)
  await lighthouse.append(told('sound', 2))
  const sound = lighthouse.follow({ streams: 'sound', after: 'start' })
  expect(await take(sound, 1)).toEqual([0])
  await expect(lighthouse.follow({ streams: 'no blanks' }).next()).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  await expect(lighthouse.follow({ after: 'yesterday' }).next()).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  expect(() => lighthouse.follow({ streams: [] })).toThrow(TypeError)
  expect(await take(sound, 1)).toEqual([1])
  await sound.return()
})

test('many follows share one socket, each with its own filter and pace', async () => {
  const proxy = await CuttingProxy.before(server.url, { seed: 1, bytes: [1, 1], cuts: 0 })
  try {
    const lighthouse = clientOf(proxy)
    const follows = upTo(50).map(n => lighthouse.follow({ streams: `shared-${n}`, after: 'start' }))
    const seen = follows.map(follow => take(follow, 20))
    const direct = clientOf(server)
    for (let n = 0; n < 20; n++) await direct.append(upTo(50).flatMap(of => told(`shared-${of}`, 1, n)))
    expect(await Promise.all(seen)).toEqual(upTo(50).map(() => upTo(20)))
    expect(proxy.connections).toBe(1)
    await Promise.all(follows.map(follow => follow.return()))
    await proxy.quiet()
  } finally {
    await proxy.stop()
  }
})

test('a reader that is slow holds no more than its buffer, misses nothing, and holds up nobody', async () => {
  const lighthouse = clientOf(server)
  const tales: string[] = []
  const live = Promise.withResolvers<void>()
  const again = Promise.withResolvers<void>()
  const slow = lighthouse.follow({
    streams: 'flood',
    after: 'start',
    bufferedEvents: 100,
    onCaughtUp: () => {
      const told = tales.push('caught up') === 1 ? live : again
      told.resolve()
    },
    onFellBehind: () => tales.push('fell behind'),
  })
  const quick = lighthouse.follow({ streams: 'flood', after: 'start' })
  const first = take(slow, 1)
  await live.promise
  const quickly = take(quick, 10_000)
  for (let n = 0; n < 10_000; n += 500) await lighthouse.append(told('flood', 500, n))
  expect(await quickly).toEqual(upTo(10_000))
  expect(await first).toEqual([0])
  expect(slow.buffered).toBeLessThanOrEqual(100)
  expect(await take(slow, 9_999)).toEqual(upTo(10_000).slice(1))
  const none = slow.next()
  await again.promise
  await slow.return()
  await quick.return()
  expect(await none).toEqual({ done: true, value: undefined })
  expect(tales).toEqual(['caught up', 'fell behind', 'caught up'])
})

test('an aborted follow is over, without an error', async () => {
  const lighthouse = clientOf(server)
  const controller = new AbortController()
  const { signal } = controller
  const seen = all(lighthouse.follow({ streams: 'aborted', signal }))
  controller.abort()
  expect(await seen).toEqual([])
  expect(await all(lighthouse.follow({ signal }))).toEqual([])
})

test('a callback that throws ends the follow with what it has thrown', async () => {
  const onCaughtUp = () => {
    throw new Error('not like this')
  }
  await expect(clientOf(server).follow({ streams: 'a', onCaughtUp }).next()).rejects.toThrow('not like this')
})

test('through 250 cuts, while agents append through cuts of their own, follows have every event once and in order', async () => {
  const cutting = { bytes: [300, 5_000], cuts: 250 } as const
  const reading = await CuttingProxy.before(server.url, { ...cutting, seed: 17 })
  const writing = await CuttingProxy.before(server.url, { ...cutting, seed: 18 })
  try {
    const writers: Lighthouse[] = upTo(4).map(() => clientOf(writing))
    const follower = clientOf(reading)
    const follows = ['chased-*', 'chased-1', 'chased-2'].map(streams => follower.follow({ streams, after: 'start' }))
    const seen = follows.map(() => [] as string[])
    const followed = follows.map(async (follow, of) => {
      for await (const event of follow) {
        if (event.type === 'Ended') return
        seen[of]?.push(event.id)
      }
    })
    const write = async (writer: Lighthouse, of: number) => {
      for (let n = 0; reading.cuts < 250 || writing.cuts < 250; n += 2) {
        await writer.append(told(`chased-${of}`, 2, n))
      }
    }
    await Promise.all(writers.map(write))
    await clientOf(server).append(upTo(4).map(of => ({ type: 'Ended', stream: `chased-${of}`, data: {} })))
    await Promise.all(followed)
    for (const [of, streams] of ['chased-*', 'chased-1', 'chased-2'].entries()) {
      const stored = await all(clientOf(server).read({ streams, types: 'Told' }))
      expect(seen[of]).toEqual(stored.map(event => event.id))
    }
    for (const of of upTo(4)) {
      const own = await all(clientOf(server).read({ streams: `chased-${of}`, types: 'Told' }))
      expect(own.map(event => event.data['n'])).toEqual(upTo(own.length))
    }
    expect([reading.cuts, writing.cuts]).toEqual([250, 250])
  } finally {
    await reading.stop()
    await writing.stop()
  }
}, 120_000)

test('a connection on which nothing comes any more is noticed, and made anew', async () => {
  const proxy = await CuttingProxy.before(server.url, { seed: 1, bytes: [1, 1], cuts: 0 })
  try {
    const lighthouse = clientOf(proxy, { timeoutMs: 300 })
    const interrupted = Promise.withResolvers<void>()
    const following = lighthouse.follow({
      streams: 'frozen',
      after: 'start',
      onInterrupted: ({ detail }) => detail.includes('Nothing has come for') && interrupted.resolve(),
    })
    const seen = take(following, 2)
    await clientOf(server).append(told('frozen', 1))
    // An answer of the server shows that the connection is alive, however little there is to say.
    await lighthouse.wait({ streams: 'nothing', timeoutSeconds: 1 })
    proxy.freeze()
    await clientOf(server).append(told('frozen', 1, 1))
    await interrupted.promise
    expect(await seen).toEqual([0, 1])
    await following.return()
  } finally {
    await proxy.stop()
  }
})

test('a token that is about to end is replaced before, and the follow goes on', async () => {
  const second = Promise.withResolvers<void>()
  let asked = 0
  const token = () => {
    if (++asked === 2) second.resolve()
    return tokenOf({ sub: 'renewed', role: 'admin', exp: inSeconds(asked === 1 ? 4 : 3_600) })
  }
  const interruptions: string[] = []
  const following = clientOf(server, { token }).follow({
    streams: 'renewals',
    after: 'start',
    onInterrupted: error => interruptions.push(error.code),
  })
  const seen = take(following, 2)
  await clientOf(server).append(told('renewals', 1))
  await second.promise
  await clientOf(server).append(told('renewals', 1, 1))
  expect(await seen).toEqual([0, 1])
  expect([asked, interruptions]).toEqual([2, []])
  await following.return()
})

test('a token that runs out is replaced when the server says so, and the follow goes on', async () => {
  let asked = 0
  // By this clock it has ended already; the server is lenient for a minute, of which a second is left.
  const token = () => tokenOf({ sub: 'late', role: 'admin', exp: inSeconds(++asked === 1 ? -59 : 3_600) })
  const interrupted = Promise.withResolvers<string>()
  const following = clientOf(server, { token }).follow({
    streams: 'expiries',
    after: 'start',
    onInterrupted: error => interrupted.resolve(error.code),
  })
  const seen = take(following, 2)
  await clientOf(server).append(told('expiries', 1))
  expect(await interrupted.promise).toBe('UNAUTHENTICATED')
  await clientOf(server).append(told('expiries', 1, 1))
  expect(await seen).toEqual([0, 1])
  await following.return()
})

function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds
}

test('a token that is refused is replaced; one that stays bad ends the follow', async () => {
  let asked = 0
  const token = () => (++asked === 1 ? 'no token' : tokenOf({ sub: 'a', role: 'admin' }))
  const lighthouse = clientOf(server, { token })
  await clientOf(server).append(told('tokens', 1))
  const following = lighthouse.follow({ streams: 'tokens', after: 'start' })
  expect(await take(following, 1)).toEqual([0])
  await following.return()
  await expect(clientOf(server, { token: 'bad' }).follow().next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
})
