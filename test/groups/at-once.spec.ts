// Groups that several use at the same moment: what one finds when another was quicker, and what is gone or damaged by then.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Access } from '../../src/auth/access.js'
import { MemoryStore } from '../../src/backends/memory/memory-store.js'
import { StoreError, unreadable } from '../../src/contract/errors.js'
import type { Position, RecordedEvent } from '../../src/contract/event.js'
import type { ReadRequest } from '../../src/contract/event-store.js'
import type { Groups } from '../../src/groups/groups.service.js'
import { parkedOf } from '../../src/groups/state/parked.js'
import { ManualClock, SECOND } from '../support/manual-clock.js'
import { DEFINED, GroupHarness, groupsOn, positionsOf } from './group-harness.js'

/** A store that loses single events to retention, to damage, or to a disk that does not answer. */
class LosingStore extends MemoryStore {
  readonly gone = new Set<Position>()
  readonly damaged = new Set<Position>()
  unavailable = false

  override async find(position: Position): Promise<RecordedEvent | undefined> {
    if (this.damaged.has(position)) throw unreadable({ from: position, to: position, reason: 'a byte has flipped' })
    return this.gone.has(position) ? undefined : super.find(position)
  }

  override async *read(request: ReadRequest): AsyncGenerator<RecordedEvent> {
    if (this.unavailable) throw new StoreError('STORAGE_UNAVAILABLE', 'the disk does not answer')
    for await (const event of super.read(request)) {
      const damage = { from: event.position, to: event.position, where: 'memory', reason: 'a byte has flipped' }
      if (!this.damaged.has(event.position)) yield event
      else if (request.onDamaged === undefined) throw unreadable(damage)
      else request.onDamaged(damage)
    }
  }
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'answered',
    (error: { code?: string }) => String(error.code),
  )

const boss = new Access({ agentId: 'boss', role: 'agent' })
let clock: ManualClock
let store: LosingStore
let harness: GroupHarness
let groups: Groups
beforeEach(() => {
  clock = new ManualClock()
  store = new LosingStore({ nodeId: 'n', clock })
  harness = new GroupHarness(store, clock)
  groups = groupsOn(store)
})
afterEach(async () => {
  groups.draining.begin()
  await store.close()
})

describe('a group', () => {
  const define = (maxInFlight = 10) => groups.define('g', { ...DEFINED, maxInFlight, after: 'head' }, boss)

  test('that two define is made once, and the other finds it', async () => {
    expect((await Promise.all([define(), define()])).sort()).toEqual([false, true])
    expect((await groups.list({ after: '', limit: 10 }, boss)).subscriptions).toHaveLength(1)
  })

  test('that is deleted while it is asked for is not there', async () => {
    await define()
    const asked = [groups.view('g', boss), groups.take('g', boss, { max: 1, waitMs: 60_000 }), groups.remove('g', boss)]
    expect(await Promise.all(asked.map(codeOf))).toEqual(['NOT_FOUND', 'NOT_FOUND', 'answered'])
    expect(await groups.list({ after: '', limit: 10 }, boss)).toEqual({ subscriptions: [], next: null })
    expect(await codeOf(groups.view('g', boss))).toBe('NOT_FOUND')
  })

  test('that is deleted while it is listed is left out', async () => {
    for (const name of ['a', 'b', 'c']) await groups.define(name, { ...DEFINED, after: 'head' }, boss)
    const [{ subscriptions }] = await Promise.all([
      groups.list({ after: '', limit: 10 }, boss),
      groups.remove('c', boss),
    ])
    expect(subscriptions.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  test('is listed on one page only', async () => {
    for (const name of ['a', 'b', 'c']) await groups.define(name, { ...DEFINED, after: 'head' }, boss)
    const first = await groups.list({ after: '', limit: 2 }, boss)
    expect([first.subscriptions.map(({ name }) => name), first.next]).toEqual([['a', 'b'], 'b'])
    const last = await groups.list({ after: 'b', limit: 2 }, boss)
    expect([last.subscriptions.map(({ name }) => name), last.next]).toEqual([['c'], null])
  })

  test('that a deletion and a new definition find at once is one or the other, and can be defined again', async () => {
    await define()
    const outcomes = await Promise.all([groups.remove('g', boss), define(20)].map(codeOf))
    expect(outcomes[0]).toBe('answered')
    await define(20)
    expect((await groups.view('g', boss)).maxInFlight).toBe(20)
  })

  test('takes no more from anybody once the server ends, and ends once', async () => {
    await harness.define()
    await harness.offer(1)
    const given = await harness.take(1)
    const group = await harness.group()
    group.end()
    group.end(new Error('too late to be told'))
    const late = [
      group.take({ consumer: 'a', scope: undefined, max: 1, waitMs: 0 }),
      group.settle({ tokens: given.map(({ token }) => token), action: 'ack', by: 'a', forOthers: false }),
    ]
    expect(await Promise.all(late.map(codeOf))).toEqual(['CLOSED', 'CLOSED'])
    const head = store.head()
    await group.rewrite()
    expect(store.head()).toBe(head)
  })

  test('that nobody has defined yet gives nothing, and whoever waits there is given what comes once it is', async () => {
    expect(await harness.take(1)).toEqual([])
    const waiting = harness.take(1, 60_000)
    await harness.define({ after: 'start' })
    await harness.offer(1)
    expect(await waiting).toHaveLength(1)
  })
})

describe('whoever waits', () => {
  test('and goes while another is served is passed over', async () => {
    await harness.define()
    const group = await harness.group()
    const leaving = new AbortController()
    const first = group.take({
      consumer: 'a',
      scope: undefined,
      max: 1,
      waitMs: 60_000,
      stillGood: async () => leaving.abort(),
    })
    const second = group.take({ consumer: 'b', scope: undefined, max: 1, waitMs: 60_000, signal: leaving.signal })
    await harness.offer(2)
    expect([positionsOf(await first).length, await second]).toEqual([1, []])
    expect(await harness.take(9)).toMatchObject([{ attempt: 1 }])
  })

  test('and whose token ends while the answer is written is given nothing, and the next is, as if for the first time', async () => {
    await harness.define()
    await harness.offer(1)
    let asked = 0
    const stillGood = async () => {
      if (++asked > 1) throw new StoreError('UNAUTHENTICATED', 'the token has ended')
    }
    const group = await harness.group()
    expect(await codeOf(group.take({ consumer: 'a', scope: undefined, max: 1, waitMs: 0, stillGood }))).toBe(
      'UNAUTHENTICATED',
    )
    expect(await harness.take(1, 0, 'b')).toMatchObject([{ attempt: 1 }])
  })

  test('is told of a disk that does not answer', async () => {
    await harness.define()
    await harness.offer(1)
    store.unavailable = true
    const group = await harness.group()
    expect(await Promise.all([group.progress(), group.progress(), harness.take(1)].map(codeOf))).toEqual([
      'STORAGE_UNAVAILABLE',
      'answered',
      'STORAGE_UNAVAILABLE',
    ])
    store.unavailable = false
    expect(await harness.take(1)).toHaveLength(1)
  })
})

describe('an event to be handed out again', () => {
  beforeEach(async () => {
    await harness.define()
    await harness.offer(1)
  })

  test('that retention has removed is done with', async () => {
    const [given] = await harness.take(1)
    await harness.settle([given as never], 'retry')
    store.gone.add(2)
    expect(await harness.take(1)).toEqual([])
    expect((await harness.group()).state).toMatchObject({ retrying: new Map(), parked: new Map() })
    expect((await (await harness.group()).progress()).retrying).toBe(0)
  })

  test('and cannot be read any more is parked, whether it was returned or its time is up', async () => {
    await harness.offer(1)
    const [returned] = await harness.take(2)
    await harness.settle([returned as never], 'retry')
    clock.pass(31n * SECOND)
    for (const position of [2, 4]) store.damaged.add(position)
    store.damaged.add(3)
    expect(await harness.take(9)).toEqual([])
    const { parked } = (await harness.group()).state
    expect([...parked.values()].map(({ reason }) => reason)).toEqual(
      Array(2).fill(expect.stringContaining('DATA_CORRUPT')),
    )
  })
})

describe('an event that was sound when it was read, is not kept in memory, and is damaged when its turn comes', () => {
  /** Ten have been read, which are more than a group keeps; the tenth and last but one is hit. */
  async function hit(damaged: 'stop' | 'skip') {
    await harness.define({ maxInFlight: 100, damaged })
    const data = { text: 'x'.repeat(900_000) }
    for (let n = 0; n < 11; n++)
      await store.append({ events: [{ type: 'task', stream: 'tasks', data }], author: { agentId: 'writer' } })
    await (await harness.group()).take({ consumer: 'a', scope: ['none'], max: 1, waitMs: 0 })
    store.damaged.add(11)
  }

  async function all(): Promise<number[]> {
    const given: number[] = []
    for (let more = await harness.take(100); more.length > 0; more = await harness.take(100))
      given.push(...positionsOf(more))
    return given
  }

  test('what lies before it is handed out, then the group stands still and says why', async () => {
    await hit('stop')
    expect(positionsOf(await harness.take(100))).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(await codeOf(harness.take(100))).toBe('DATA_CORRUPT')
    expect((await (await harness.group()).progress()).stalled).toMatchObject({ code: 'DATA_CORRUPT' })
  })

  test('a group that skips damage passes over it, and writes down which', async () => {
    await hit('skip')
    expect(await all()).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 12])
    const noted: unknown[] = []
    for await (const { data } of store.read({ filter: { types: ['DamagePassedOver'] } })) noted.push(data)
    expect(noted).toEqual([{ subscription: 'g', from: 11, to: 11 }])
  })
})

test('a page of what is parked leaves out what is settled while it is read, and shows the row of what cannot be read', async () => {
  await harness.define()
  await harness.offer(4)
  await harness.settle(await harness.take(4), 'park')
  const group = await harness.group()
  store.damaged.add(3)
  const page = { after: 0, limit: 10, scope: undefined, whole: true }
  const [{ list }] = await Promise.all([parkedOf(store, group.state, page), group.discard([5], 'boss')])
  expect(list.map(({ position, event }) => [position, event !== undefined])).toEqual([
    [2, true],
    [3, false],
    [4, true],
  ])
})

test('consumers of more scopes than are kept in mind are each shown their own', async () => {
  await harness.define()
  const group = await harness.group()
  const scopes = Array.from({ length: 12 }, (_, n) => `of-${n}`)
  for (const scope of scopes) await harness.offer(2, scope)
  for (let round = 0; round < 2; round++) {
    for (const scope of scopes) {
      const [given] = await group.take({ consumer: scope, scope: [scope], max: 1, waitMs: 0 })
      expect(given?.event.stream).toBe(scope)
    }
  }
})

test('the figures of a group are counted anew when a deadline has passed', async () => {
  await harness.define()
  await harness.offer(2)
  await harness.take(1)
  const group = await harness.group()
  expect(group.figures()).toMatchObject({ inFlight: 1, retrying: 0 })
  expect(group.figures()).toMatchObject({ inFlight: 1, retrying: 0 })
  clock.pass(31n * SECOND)
  expect(group.figures()).toMatchObject({ inFlight: 0, retrying: 1 })
})
