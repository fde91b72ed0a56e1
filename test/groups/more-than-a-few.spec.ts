// Groups with more in hand than a few: hundreds in flight while somebody waits, and pages of what was parked.
import { beforeEach, expect, test } from '@jest/globals'
import { MemoryStore } from '../../src/backends/memory/memory-store.js'
import { parkedOf } from '../../src/groups/state/parked.js'
import { ManualClock, SECOND } from '../support/manual-clock.js'
import { GroupHarness, positionsOf } from './group-harness.js'

let clock: ManualClock
let harness: GroupHarness

beforeEach(async () => {
  clock = new ManualClock()
  harness = new GroupHarness(new MemoryStore({ nodeId: 'n' }), clock)
  await harness.define({ maxInFlight: 10_000 })
})

test('with hundreds in flight whoever waits is given what arrives', async () => {
  await harness.offer(400)
  expect(await harness.take(400)).toHaveLength(400)
  const waiting = ['b', 'c', 'd'].map(consumer => harness.take(1, 10_000, consumer))
  for (let n = 0; n < 3; n++) await harness.offer(1)
  const given = (await Promise.all(waiting)).flatMap(positionsOf)
  expect(new Set(given).size).toBe(3)
})

test('what was parked is read in pages, of one’s own streams, or as rows without their events', async () => {
  for (const stream of ['mine', 'theirs', 'mine', 'mine']) await harness.offer(1, stream)
  const parked = await harness.take(4)
  await harness.settle(parked, 'park')
  const { state } = await harness.group()
  const page = async (after: number, limit: number, whole = false) =>
    parkedOf(harness.store, state, { after, limit, scope: ['mine'], whole })
  const first = await page(0, 2)
  expect(first.list.map(({ event }) => event?.stream)).toEqual(['mine', 'mine'])
  const second = await page(first.next as number, 2)
  expect([second.list.length, second.next]).toEqual([1, null])
  const rows = await page(0, 10, true)
  expect(rows.list.map(({ event }) => event?.stream)).toEqual(['mine', undefined, 'mine', 'mine'])
})

test('a retry of which the deadline has passed goes to the next who asks, however many are in flight', async () => {
  await harness.offer(300)
  const [first, ...others] = await harness.take(300)
  await harness.settle(others.slice(0, 20), 'retry', 1)
  clock.pass(2n * SECOND)
  const again = await harness.take(50, 0, 'b')
  expect(positionsOf(again)).toEqual(positionsOf(others.slice(0, 20)))
  expect(first?.attempt).toBe(1)
})
