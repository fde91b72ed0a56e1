// Followers over a window so small that they fall out of it: whatever happens, each gets exactly what matches, in order.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { WatchedStore } from '../../test/support/memory-store.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import { type EventFilter, filterMatches } from '../contract/filter.js'
import type { SkippedRange } from '../contract/skipped-damage.js'
import { Feed } from './feed.js'
import type { Follower, Pace, Sink } from './follower.js'
import type { SharedEvent } from './recent-events.js'

/** Keeps what it is given, and has as much room as a test allows. */
class Taker implements Sink {
  readonly events: RecordedEvent[] = []
  readonly said: string[] = []
  checkpointed: Position = 0
  error: unknown
  room = Number.POSITIVE_INFINITY
  follower: Follower | undefined

  get hasRoom(): boolean {
    return this.room > 0
  }

  get positions(): Position[] {
    return this.events.map(({ position }) => position)
  }

  event({ event }: SharedEvent): void {
    this.room--
    this.events.push(event)
  }

  checkpoint(position: Position): void {
    this.checkpointed = position
  }

  caughtUp(): void {
    this.said.push('caughtUp')
  }

  fellBehind(): void {
    this.said.push('fellBehind')
  }

  failed(error: unknown): void {
    this.error = error
  }

  makeRoom(room: number): void {
    this.room = room
    this.follower?.resume()
  }
}

/** Asks to pass over what is damaged. */
class SkippingTaker extends Taker {
  readonly told: SkippedRange[] = []

  damaged(range: SkippedRange): void {
    this.told.push(range)
  }
}

const STREAMS = ['a', 'b', 'c']
const TYPES = ['X', 'Y']
const FILTERS: readonly EventFilter[] = [
  {},
  { streams: ['a'] },
  { types: ['Y'], streams: ['b', 'c'] },
  { within: ['c*'] },
  { streams: ['nobody'] },
  { tags: ['odd'] },
]

async function append(store: WatchedStore, count: number, seed = 0): Promise<void> {
  const events = Array.from({ length: count }, (_, n) => ({
    type: TYPES[(seed + n) % 2] as string,
    stream: STREAMS[(seed * 7 + n) % 3] as string,
    data: { n },
    tags: (seed + n) % 2 === 1 ? ['odd'] : [],
  }))
  await store.append({ events, author: { agentId: 'writer' } })
}

async function all(store: WatchedStore): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = []
  for await (const event of store.read({})) events.push(event)
  return events
}

const turn = () => new Promise(setImmediate)

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn()
}

function follow(feed: Feed, filter: EventFilter, after: Position, sink = new Taker()): Taker {
  sink.follower = feed.follow({ filter, after, sink })
  return sink
}

type Step =
  | { readonly do: 'append'; readonly count: number; readonly seed: number }
  | { readonly do: 'follow'; readonly filter: number; readonly after: 'start' | 'head' | 'middle' }
  | { readonly do: 'room'; readonly who: number; readonly room: number }
  | { readonly do: 'reconnect'; readonly who: number }
  | { readonly do: 'turn' }
  | { readonly do: 'tick' }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 12 }), seed: fc.nat(9) }),
    fc.record({
      do: fc.constant('follow' as const),
      filter: fc.nat(FILTERS.length - 1),
      after: fc.constantFrom('start' as const, 'head' as const, 'middle' as const),
    }),
    fc.record({ do: fc.constant('room' as const), who: fc.nat(9), room: fc.nat(6) }),
    fc.record({ do: fc.constant('reconnect' as const), who: fc.nat(9) }),
    fc.record({ do: fc.constant('turn' as const) }),
    fc.record({ do: fc.constant('tick' as const) }),
  ),
  { minLength: 10, maxLength: 60 },
)

interface Life {
  readonly sink: Taker
  readonly filter: EventFilter
  readonly after: Position
}

/** Others have their turn after every event that a follower is asked about. */
const TIRED: Pace = { work: 1, turnMs: 0, firstTurnMs: 0 }

async function live(
  script: readonly Step[],
  window: { events: number; bytes: number },
  pace: Pace | undefined,
): Promise<void> {
  const store = new WatchedStore()
  const feed = new Feed(store, window, pace)
  const lives: Life[] = []
  const pick = (who: number) => lives[who % Math.max(1, lives.length)]
  for (const step of script) {
    if (step.do === 'append') await append(store, step.count, step.seed)
    else if (step.do === 'turn') await turn()
    else if (step.do === 'tick') feed.tick()
    else if (step.do === 'room') pick(step.who)?.sink.makeRoom(step.room)
    else if (step.do === 'follow') {
      const after = { start: 0, head: store.head(), middle: Math.floor(store.head() / 2) }[step.after]
      const filter = FILTERS[step.filter] as EventFilter
      lives.push({ filter, after, sink: follow(feed, filter, after) })
    } else {
      // What was sent before is kept: from outside it is one subscription that was cut in between.
      const life = pick(step.who)
      const { sink } = life ?? {}
      if (life === undefined || sink === undefined) continue
      sink.follower?.end()
      const from = sink.events.at(-1)?.position ?? life.after
      follow(feed, life.filter, Math.max(from, Math.min(sink.checkpointed, store.head())), sink)
    }
  }
  for (const { sink } of lives) sink.makeRoom(Number.POSITIVE_INFINITY)
  await until(() => lives.every(({ sink }) => (sink.follower?.position ?? 0) >= store.head()))
  // It is said a turn after the last event by one that needs several.
  await until(() => lives.every(({ sink }) => sink.said.at(-1) === 'caughtUp'))
  const events = await all(store)
  for (const { sink, filter, after } of lives) {
    const expected = events.filter(event => event.position > after && filterMatches(filter, event))
    expect(sink.positions).toEqual(expected.map(({ position }) => position))
    expect(sink.error).toBeUndefined()
    sink.follower?.end()
  }
  expect(feed.open).toBe(0)
}

test('random appends, filters, full sinks and cuts, under windows of any size: nobody misses, repeats or reorders', async () => {
  const window = fc.record({ events: fc.integer({ min: 1, max: 40 }), bytes: fc.constantFrom(1, 5_000, 1_000_000) })
  await fc.assert(fc.asyncProperty(steps, window, fc.constantFrom(undefined, TIRED), live), { numRuns: 800 })
})

test('a follower that is full is told that it fell behind, and then that it has caught up', async () => {
  const store = new WatchedStore()
  const feed = new Feed(store, { events: 8, bytes: 1_000_000 })
  const slow = follow(feed, {}, 0)
  const quick = follow(feed, {}, 0)
  await append(store, 4)
  await until(() => slow.events.length === 4)
  slow.room = 0
  for (let n = 0; n < 10; n++) await append(store, 10)
  await until(() => quick.events.length === 104)
  expect([slow.events.length, slow.said]).toEqual([4, ['caughtUp']])
  slow.makeRoom(Number.POSITIVE_INFINITY)
  await until(() => slow.events.length === 104)
  await until(() => slow.said.length === 3)
  expect(slow.said).toEqual(['caughtUp', 'fellBehind', 'caughtUp'])
  expect(quick.said).toEqual(['caughtUp'])
  expect(feed.counts).toMatchObject({ delivered: 208, fellBehind: 1 })
  for (const sink of [slow, quick]) sink.follower?.end()
})

test('one that is full only for a moment goes on within the window, and is told nothing', async () => {
  const store = new WatchedStore()
  const feed = new Feed(store)
  const sink = follow(feed, {}, 0)
  await append(store, 4)
  sink.room = 0
  for (let n = 0; n < 10; n++) await append(store, 10)
  await until(() => feed.recent.end === 104)
  sink.makeRoom(Number.POSITIVE_INFINITY)
  expect([sink.events.length, sink.said]).toEqual([104, ['caughtUp']])
  sink.follower?.end()
})

test('a hundred followers at the end cost one read for each move of the head', async () => {
  const store = new WatchedStore()
  const feed = new Feed(store)
  const sinks = Array.from({ length: 100 }, () => follow(feed, {}, 0))
  await append(store, 1)
  await until(() => sinks.every(sink => sink.events.length === 1))
  store.reads = 0
  for (let n = 2; n <= 21; n++) {
    await append(store, 1)
    await until(() => sinks.every(sink => sink.events.length === n))
  }
  expect(store.reads).toBe(20)
  expect(new Set(sinks.map(sink => sink.events[7])).size).toBe(1)
  for (const sink of sinks) sink.follower?.end()
})

test('an event that many costly filters are held against is not all that happens meanwhile', async () => {
  const store = new WatchedStore()
  const feed = new Feed(store, undefined, { work: 1_024, turnMs: 0, firstTurnMs: 0 })
  const globs = Array.from({ length: 90 }, (_, n) => `*${'ab'.repeat(30)}${n}*`)
  const costly = Array.from({ length: 300 }, () => follow(feed, { streams: [...globs, 'a*'] }, 0))
  await append(store, 1)
  let rounds = 0
  while (costly.some(sink => sink.events.length === 0)) {
    await turn()
    rounds++
  }
  expect(rounds).toBeGreaterThan(100)
  for (const sink of costly) sink.follower?.end()
})

test('one whose sink ends it as it takes an event is asked no more', async () => {
  const store = new WatchedStore()
  const feed = new Feed(store)
  const other = follow(feed, {}, 0)
  await append(store, 3)
  await until(() => other.events.length === 3)
  const leaving = new Taker()
  const taken: Position[] = []
  leaving.event = ({ position }) => {
    taken.push(position)
    leaving.follower?.end()
  }
  leaving.room = 0
  follow(feed, {}, 0, leaving)
  await turn()
  leaving.makeRoom(5)
  await append(store, 3)
  await until(() => other.events.length === 6)
  expect([taken, feed.open]).toEqual([[1], 1])
  other.follower?.end()
})

describe('who only waits to be woken', () => {
  const never = () => new AbortController()

  test('hears of the first event that matches, and of how far it has looked', async () => {
    const store = new WatchedStore()
    const feed = new Feed(store)
    const woken = feed.wake({ types: ['Y'], streams: ['*'] }, 0, never().signal)
    await append(store, 1)
    await append(store, 3, 2)
    expect(await woken).toEqual({ found: true, position: 2 })
    // Whoever has come to it late does too.
    expect(await feed.wake({ types: ['Y'] }, 2, never().signal)).toEqual({ found: true, position: 2 })
    expect(feed.open).toBe(0)
  })

  test('who gives up is told how far it has looked', async () => {
    const store = new WatchedStore()
    const feed = new Feed(store)
    const patience = never()
    const woken = feed.wake({ types: ['Never'] }, 0, patience.signal)
    await append(store, 5)
    await until(() => feed.recent.end === 5)
    patience.abort()
    expect(await woken).toEqual({ found: false, position: 5 })
    expect(await feed.wake({}, 7, AbortSignal.abort())).toEqual({ found: false, position: 7 })
  })

  test('a thousand who wait for a type that never comes are not asked about others, whatever streams they name', async () => {
    const store = new WatchedStore()
    const feed = new Feed(store)
    const patience = never()
    const filter = { types: ['Never'], streams: ['work_*', '*'] }
    const all = Array.from({ length: 1_000 }, () => feed.wake(filter, 0, patience.signal))
    store.reads = 0
    for (let n = 0; n < 10; n++) await append(store, 1, n)
    await until(() => feed.recent.end === 10)
    expect([store.reads <= 10, feed.asked]).toEqual([true, 0])
    patience.abort()
    expect(new Set((await Promise.all(all)).map(({ position }) => position))).toEqual(new Set([10]))
  })

  test('hears of the end of the store', async () => {
    const store = new WatchedStore()
    const woken = new Feed(store).wake({}, 0, never().signal)
    await store.close()
    await expect(woken).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

test('who has seen nothing for long is told how far that was', async () => {
  const store = new WatchedStore()
  const feed = new Feed(store)
  const sink = follow(feed, { streams: ['nobody'] }, 0)
  await append(store, 3)
  await until(() => feed.recent.end === 3)
  for (let second = 0; second < 4; second++) feed.tick()
  expect(sink.checkpointed).toBe(0)
  feed.tick()
  expect(sink.checkpointed).toBe(3)
  sink.follower?.end()
})

test('a position beyond the head is waited for', async () => {
  const store = new WatchedStore()
  const feed = new Feed(store)
  const sink = follow(feed, {}, 5)
  await append(store, 8)
  await until(() => sink.events.length === 3)
  expect(sink.positions).toEqual([6, 7, 8])
  sink.follower?.end()
})

test('damage ends those who are about to read it, and followers behind it go on', async () => {
  const store = new WatchedStore()
  const feed = new Feed(store)
  const sink = follow(feed, {}, 0)
  await append(store, 5)
  await until(() => sink.events.length === 5)
  store.damagedFrom = 6
  await append(store, 3)
  await until(() => sink.error !== undefined)
  expect([sink.error, sink.events.length, sink.follower?.position]).toMatchObject([{ code: 'DATA_CORRUPT' }, 5, 5])
  const late = follow(feed, {}, 2)
  await until(() => late.error !== undefined)
  expect(late.positions).toEqual([3, 4, 5])
  store.damagedFrom = Number.POSITIVE_INFINITY
  const beyond = follow(feed, {}, store.head())
  await append(store, 2)
  await until(() => beyond.events.length === 2)
  expect(beyond.positions).toEqual([9, 10])
  beyond.follower?.end()
})

test('a follower at head that passes over damage is told of it and goes on, beside one that ends there', async () => {
  const store = new WatchedStore()
  const feed = new Feed(store)
  const plain = follow(feed, {}, 0)
  const skipping = follow(feed, {}, 0, new SkippingTaker()) as SkippingTaker
  await append(store, 5)
  await until(() => plain.events.length === 5 && skipping.said.includes('caughtUp'))
  store.damagedFrom = 6
  await append(store, 3)
  await until(() => skipping.told.length > 0 && plain.error !== undefined)
  expect(skipping.told).toMatchObject([{ from: 6, to: 8 }])
  store.damagedFrom = Number.POSITIVE_INFINITY
  await append(store, 2)
  await until(() => skipping.events.length === 7)
  expect([skipping.error, skipping.positions]).toEqual([undefined, [1, 2, 3, 4, 5, 9, 10]])
  skipping.follower?.end()
})

test('the end of the store ends every follower, full ones too', async () => {
  const store = new WatchedStore()
  const feed = new Feed(store)
  const [one, full] = [follow(feed, {}, 0), follow(feed, {}, 0)]
  full.room = 0
  await append(store, 3)
  await until(() => one.events.length === 3)
  await store.close()
  await until(() => feed.open === 0)
  for (const sink of [one, full]) expect(sink.error).toMatchObject({ code: 'CLOSED' })
})

test('nothing is read for nobody, and the next follower finds what came meanwhile', async () => {
  const store = new WatchedStore()
  const feed = new Feed(store)
  const sink = follow(feed, {}, 0)
  await append(store, 3)
  await until(() => sink.events.length === 3)
  sink.follower?.end()
  await turn()
  store.reads = 0
  await append(store, 3)
  await turn()
  expect([store.reads, feed.recent.bytes]).toEqual([0, 0])
  const next = follow(feed, {}, 3)
  await until(() => next.events.length === 3)
  expect(next.positions).toEqual([4, 5, 6])
  next.follower?.end()
})
