// Groups with consumers that wait: what an append costs them, what they keep in memory, and that they miss nothing.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Access } from '../../src/auth/access.js'
import { OpenGroups } from '../../src/groups/dispatch/open-groups.js'
import type { Groups } from '../../src/groups/groups.service.js'
import { WindowMemory } from '../../src/groups/window-memory.js'
import { ManualClock, SECOND } from '../support/manual-clock.js'
import { WatchedStore } from '../support/memory-store.js'
import { DEFINED, GroupHarness, groupsOn, positionsOf, worldOn } from './group-harness.js'

let store: WatchedStore
let groups: Groups
const boss = new Access({ agentId: 'boss', role: 'agent' })
beforeEach(() => {
  store = new WatchedStore()
  groups = groupsOn(store)
})
afterEach(async () => {
  groups.draining.begin()
  await store.close()
})

const offer = (type: string, stream = 'tasks', count = 1) =>
  store.append({
    events: Array.from({ length: count }, () => ({ type, stream, data: {} })),
    author: { agentId: 'writer' },
  })

/** Everything that was begun has come as far as it goes by itself. */
async function rest(): Promise<void> {
  for (let n = 0; n < 20; n++) await new Promise(setImmediate)
}

test('an append asks no group that waits for something else', async () => {
  const waiting: Promise<unknown>[] = []
  for (let n = 0; n < 40; n++) {
    await groups.define(`g${n}`, { ...DEFINED, filter: { types: [`task-${n}`] }, after: 'head' }, boss)
    waiting.push(groups.take(`g${n}`, boss, { max: 1, waitMs: 60_000 }))
  }
  await rest()
  const before = store.reads
  for (let n = 0; n < 50; n++) {
    await offer('noise')
    await rest()
  }
  // The feed reads what is new once, for all.
  expect(store.reads - before).toBeLessThanOrEqual(50)
  for (let n = 0; n < 40; n++) await offer(`task-${n}`)
  expect(await Promise.all(waiting)).toMatchObject(
    Array.from({ length: 40 }, (_, n) => [{ event: { type: `task-${n}` } }]),
  )
})

/** Patterns that count how often a stream is held against them. */
class CountedPatterns extends Array<string> {
  static matches = 0

  override some(...args: Parameters<string[]['some']>): boolean {
    CountedPatterns.matches++
    return super.some(...args)
  }
}

test.each(['none', 'stream'] as const)(
  'ordered by %s, an event is held against the patterns of those who wait once',
  async ordering => {
    const group = await new OpenGroups(worldOn(store, new ManualClock())).group('g')
    await group.define({ ...DEFINED, ordering })
    for (let n = 0; n < 3; n++) await offer('task', `hidden/${n}`, 1_000)
    CountedPatterns.matches = 0
    const scope = new CountedPatterns('shown/*')
    const waiting = Array.from({ length: 20 }, (_, n) =>
      group.take({ consumer: `c${n}`, scope, max: 1, waitMs: 60_000 }),
    )
    await rest()
    for (let n = 0; n < 50; n++) {
      await offer('task', `hidden/${n}`)
      await rest()
    }
    // One more for each who asked, to know that it does not see everything.
    expect(CountedPatterns.matches).toBeLessThanOrEqual(3_050 + 4 * 20)
    for (let n = 0; n < 20; n++) await offer('task', `shown/${n}`)
    const given = (await Promise.all(waiting)).flat()
    expect(given.map(({ event }) => event.stream).sort()).toEqual(
      Array.from({ length: 20 }, (_, n) => `shown/${n}`).sort(),
    )
    group.end()
  },
)

test('what all groups keep is bounded, and nothing is missed or given twice for it', async () => {
  const memory = new WindowMemory({ knownPositions: 1_000, keptBytes: 200_000 })
  const open = new OpenGroups({ ...worldOn(store, new ManualClock()), memory })
  const names = Array.from({ length: 6 }, (_, n) => `g${n}`)
  await offer('task', 'hidden', 600)
  const waiting: Promise<unknown>[] = []
  for (const name of names) {
    const group = await open.group(name)
    await group.define(DEFINED)
    waiting.push(group.take({ consumer: 'narrow', scope: ['shown'], max: 1, waitMs: 60_000 }))
    await rest()
    expect(memory.held.positions).toBeLessThanOrEqual(1_000)
    expect(memory.held.bytes).toBeLessThanOrEqual(200_000)
  }
  await offer('task', 'shown')
  expect(await Promise.all(waiting)).toMatchObject(names.map(() => [{ event: { stream: 'shown' } }]))
  for (const name of names) {
    const group = await open.group(name)
    const given: number[] = []
    for (let some = [1]; some.length > 0; given.push(...some)) {
      some = positionsOf(await group.take({ consumer: 'wide', scope: undefined, max: 100, waitMs: 0 }))
    }
    expect(new Set(given).size).toBe(given.length)
    expect(given).toHaveLength(600)
  }
  open.endAll()
  expect(memory.held).toEqual({ positions: 0, bytes: 0 })
})

describe('a round that fails', () => {
  const broken = new Error('who is revoked cannot be looked up')
  /** As long as it is armed, every round fails as soon as something has been read since. */
  class Rounds {
    armed = false
    private reads = 0

    arm(): void {
      this.armed = true
      this.reads = store.reads
    }

    readonly isRevoked = (): boolean => {
      if (this.armed && store.reads > this.reads) throw broken
      return false
    }
  }

  test('is told to those who wait, and who comes then is given what there is', async () => {
    const rounds = new Rounds()
    const open = new OpenGroups({ ...worldOn(store, new ManualClock()), isRevoked: rounds.isRevoked })
    const take = async (waitMs: number) =>
      (await open.group('g')).take({ consumer: 'a', scope: undefined, max: 1, waitMs })
    await (await open.group('g')).define(DEFINED)
    const waiting = [take(60_000), take(60_000)].map(given => given.catch((error: unknown) => error))
    await rest()
    rounds.arm()
    await offer('task')
    expect(await Promise.all(waiting)).toEqual([broken, broken])
    rounds.armed = false
    const [first, second] = [take(0), take(60_000)]
    await offer('task')
    expect((await Promise.all([first, second])).map(positionsOf)).toEqual([[2], [3]])
    open.endAll()
  })

  test('leaves the turn to read to the next group', async () => {
    const rounds = new Rounds()
    const memory = new WindowMemory({ knownPositions: 1, keptBytes: 1 })
    const open = new OpenGroups({ ...worldOn(store, new ManualClock()), isRevoked: rounds.isRevoked, memory })
    const names = Array.from({ length: 33 }, (_, n) => `g${n}`)
    for (const name of names) await (await open.group(name)).define(DEFINED)
    await offer('task')
    const take = async (name: string) =>
      (await open.group(name)).take({ consumer: 'a', scope: undefined, max: 1, waitMs: 0 })
    for (const name of names) {
      rounds.arm()
      const taken = [take(name), take(name)].map(given => given.catch((error: unknown) => error))
      expect(await Promise.all(taken)).toContain(broken)
    }
    rounds.armed = false
    for (const name of names) expect(await take(name)).toHaveLength(1)
    open.endAll()
  })
})

test('one agent waits so many times at once, and what has ended counts no more', async () => {
  await groups.define('g', { ...DEFINED, after: 'head' }, boss)
  const patience = new AbortController()
  const wait = () => groups.take('g', boss, { max: 1, waitMs: 60_000, signal: patience.signal })
  const waiting = Array.from({ length: 250 }, wait)
  await rest()
  await expect(wait()).rejects.toMatchObject({ code: 'WORK_LIMIT' })
  expect(await groups.take('g', boss, { max: 1, waitMs: 0 })).toEqual([])
  patience.abort()
  await Promise.all(waiting)
  await offer('task')
  expect(await groups.take('g', boss, { max: 1, waitMs: 60_000 })).toHaveLength(1)
})

test('the metrics ask no group that waits, and of the others only some at a time', async () => {
  const patience = new AbortController()
  for (let n = 0; n < 40; n++) {
    await groups.define(`g${n}`, { ...DEFINED, after: 'head' }, boss)
    if (n < 20) void groups.take(`g${n}`, boss, { max: 1, waitMs: 60_000, signal: patience.signal })
  }
  await offer('noise', 'tasks', 500)
  await rest()
  const before = store.reads
  const figures = await groups.progress()
  expect(store.reads - before).toBeLessThanOrEqual(16)
  expect(figures.size).toBe(40)
  for (let n = 0; n < 20; n++) expect(figures.get(`g${n}`)).toMatchObject({ lag: 0, inFlight: 0, stalled: null })
  expect(await groups.progress()).toBe(figures)
  patience.abort()
})

/** Shows the time of a deadline from one question on. */
class ClockAtADeadline extends ManualClock {
  private left = Number.POSITIVE_INFINITY

  passAfter(questions: number): void {
    this.left = questions
  }

  override now(): bigint {
    if (this.left-- === 0) this.pass(SECOND)
    return super.now()
  }
}

test('a deadline that passes while a round is looked through is not missed by whoever waits', async () => {
  for (let questions = 0; questions < 12; questions++) {
    const clock = new ClockAtADeadline()
    const harness = new GroupHarness(new WatchedStore(), clock)
    await harness.define({ ackTimeoutSeconds: 30 })
    await harness.offer(1)
    expect(await harness.take(1)).toHaveLength(1)
    clock.pass(29n * SECOND)
    clock.passAfter(questions)
    const waiting = harness.take(1, 60_000, 'b')
    // Whether or not it has passed by now, the next round sees it.
    expect([questions, await waiting]).toMatchObject([questions, [{ attempt: 2 }]])
    await harness.store.close()
  }
}, 15_000)
