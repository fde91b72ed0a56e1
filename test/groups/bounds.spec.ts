// The bounds of a group and of all groups: what happens there is told, nothing is lost, and it goes on when there is room.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Access } from '../../src/auth/access.js'
import { WorkBudgets } from '../../src/auth/work-budgets.js'
import { MemoryStore } from '../../src/backends/memory/memory-store.js'
import { DEFAULT_WORK_LIMITS } from '../../src/contract/work-limits.js'
import type { Groups } from '../../src/groups/groups.service.js'
import { eventOf, type StatePart } from '../../src/groups/state/group-events.js'
import { GROUP_LIMITS } from '../../src/groups/state/group-limits.js'
import { partsOf } from '../../src/groups/state/state-rows.js'
import { ManualClock } from '../support/manual-clock.js'
import { DEFINED, GroupHarness, groupsOn } from './group-harness.js'

let clock: ManualClock
let store: MemoryStore
let harness: GroupHarness
beforeEach(() => {
  clock = new ManualClock()
  store = new MemoryStore({ nodeId: 'n', clock })
  harness = new GroupHarness(store, clock)
})
afterEach(() => store.close())

const stalled = async () => (await (await harness.group()).progress()).stalled

async function offer(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1_000) await harness.offer(Math.min(left, 1_000))
}

describe('a group that has parked as much as it may', () => {
  beforeEach(async () => {
    await harness.define({ maxInFlight: 10_000 })
    await offer(GROUP_LIMITS.parked + 100)
    for (let left = GROUP_LIMITS.parked; left > 0; left -= 1_000)
      await harness.settle(await harness.take(1_000), 'park')
  })

  test('says so and hands out nothing new, until room is made', async () => {
    expect(await harness.take(1_000)).toEqual([])
    // Each look reads on by one, so that there is more at hand than may be handed out.
    for (let n = 0; n < 3; n++) expect(await stalled()).toMatchObject({ code: 'PARKED_FULL' })
    const group = await harness.group()
    const [first] = group.state.parked.keys()
    expect(await group.discard([first as number], 'boss')).toBe(1)
    expect(await harness.take(1_000)).toHaveLength(1)
    expect(await group.discard(undefined, 'boss')).toBe(GROUP_LIMITS.parked - 1)
    expect(await stalled()).toBeNull()
    expect(await harness.take(1_000)).toHaveLength(99)
  })

  test('is the same after a restart, and all of it can be replayed', async () => {
    await (await harness.group()).rewrite()
    const next = new GroupHarness(store, clock)
    const group = await next.group()
    expect(group.state.parked).toEqual((await harness.group()).state.parked)
    expect(await group.replay(undefined, 'boss')).toBe(GROUP_LIMITS.parked)
    expect(await next.take(1_000)).toHaveLength(1_000)
  })
})

test('what is settled above an event that is not is remembered up to a bound, and then waits for that one', async () => {
  await harness.define({ maxInFlight: 10_000 })
  await offer(GROUP_LIMITS.aboveFloor + 100)
  const first = await harness.take(1)
  for (let given = first; given.length > 0; ) {
    given = await harness.take(1_000)
    await harness.settle(given)
  }
  const { settled } = (await harness.group()).state
  expect(settled.size).toBe(GROUP_LIMITS.aboveFloor - 1)
  expect(await stalled()).toMatchObject({ code: 'FLOOR_HELD', detail: expect.stringContaining('the one at 2 ') })
  await harness.settle(first)
  expect(await stalled()).toBeNull()
  expect(await harness.take(1_000)).toHaveLength(100)
})

test('a state of many megabytes is written in parts, and parts without the others say nothing', async () => {
  await harness.define({ maxInFlight: 10_000 })
  const group = await harness.group()
  const reason = '🗼'.repeat(GROUP_LIMITS.reasonChars)
  for (let batch = 0; batch < 10; batch++) {
    await harness.offer(1_000, `tasks/${'x'.repeat(200)}`)
    const tokens = (await harness.take(1_000)).map(({ token }) => token)
    for (let from = 0; from < 1_000; from += 100) {
      await group.settle({ tokens: tokens.slice(from, from + 100), action: 'park', by: 'a', forOthers: false, reason })
    }
  }
  const parts = partsOf(group.state)
  expect(parts.length).toBeGreaterThan(50)
  await group.rewrite()
  const whole = (await new GroupHarness(store, clock).group()).state
  expect(whole).toEqual(group.state)
  // As a crash between two appends would leave them.
  for (const part of [...parts.slice(0, 2), parts.at(-1) as StatePart, ...parts.slice(0, 1)]) {
    await store.append({ events: [eventOf('g', part)], author: { agentId: '$service' } })
  }
  expect((await new GroupHarness(store, clock).group()).state).toEqual(group.state)
})

describe('the names of groups', () => {
  const boss = new Access({ agentId: 'boss', role: 'agent' })
  const asked = { ...DEFINED, after: 'start', filter: {} }
  const names = async (groups: Groups) =>
    (await groups.list({ after: '', limit: GROUP_LIMITS.groups }, boss)).subscriptions.map(({ name }) => name)

  test('are as many as a server may have, and deleting one makes room', async () => {
    const groups = groupsOn(store, new WorkBudgets({ ...DEFAULT_WORK_LIMITS, groups: 2_000, waits: 1_000 }))
    for (let i = 0; i < GROUP_LIMITS.groups; i++) await groups.define(`g${i}`, asked, boss)
    await expect(groups.define('more', asked, boss)).rejects.toMatchObject({ code: 'SUBSCRIPTION_CONFLICT' })
    expect(await groups.define('g7', asked, boss)).toBe(false)
    await groups.remove('g7', boss)
    expect(await groups.define('more', asked, boss)).toBe(true)
    groups.draining.begin()
  })

  test('are more than are held in memory, and each is what it was when it is asked for again', async () => {
    const groups = groupsOn(store, new WorkBudgets({ ...DEFAULT_WORK_LIMITS, groups: 2_000, waits: 1_000 }))
    const worker = new Access({ agentId: 'worker', role: 'agent' })
    await harness.offer(1)
    const given = new Map<string, string>()
    const waiting: Promise<unknown>[] = []
    for (let i = 0; i < 300; i++) {
      await groups.define(`g${i}`, asked, boss)
      const [one] = await groups.take(`g${i}`, worker, { max: 1, waitMs: 0 })
      given.set(`g${i}`, one?.token as string)
      // Those who wait keep their group open.
      if (i % 2 === 0) waiting.push(groups.take(`g${i}`, worker, { max: 1, waitMs: 60_000 }))
    }
    for (const [name, token] of given) expect(await groups.ack(name, worker, [token])).toBe(1)
    await harness.offer(1)
    expect(await Promise.all(waiting)).toHaveLength(150)
    groups.draining.begin()
  })

  test('are known after a restart without reading all that ever was', async () => {
    const groups = groupsOn(store, new WorkBudgets({ ...DEFAULT_WORK_LIMITS, groups: 2_000, waits: 1_000 }))
    for (let i = 0; i < 700; i++) {
      await groups.define(`g${i}`, asked, boss)
      if (i % 7 !== 0) await groups.remove(`g${i}`, boss)
    }
    groups.draining.begin()
    const next = groupsOn(store, new WorkBudgets({ ...DEFAULT_WORK_LIMITS, groups: 2_000, waits: 1_000 }))
    const kept = Array.from({ length: 100 }, (_, i) => `g${7 * i}`).sort()
    expect(await names(next)).toEqual(kept)
    let written = 0
    for await (const _ of store.read({ filter: { streams: ['$subscriptions'], types: ['SubscriptionNames'] } }))
      written++
    expect(written).toBe(1)
    next.draining.begin()
  })
})
