// What somebody may know of a group who sees only some of its streams: their own events in each state, and no position of others.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { MemoryStore } from '../../src/backends/memory/memory-store.js'
import { OpenGroups } from '../../src/groups/dispatch/open-groups.js'
import type { Delivery } from '../../src/groups/dispatch/pending-take.js'
import type { GroupScope } from '../../src/groups/group-scope.js'
import { ManualClock, SECOND } from '../support/manual-clock.js'
import { DEFINED, GroupHarness, worldOn } from './group-harness.js'

const MINE: GroupScope = ['mine']
/** So many that what was handed out before is compared in turns. */
const MANY: GroupScope = Array.from({ length: 20 }, (_, n) => `${n}-*`).concat('mine')

let clock: ManualClock
let harness: GroupHarness

beforeEach(async () => {
  clock = new ManualClock()
  harness = new GroupHarness(new MemoryStore({ nodeId: 'n' }), clock)
  await harness.define()
})

const status = async (scope: GroupScope = MINE) => (await harness.group()).progress(scope)
const only = (deliveries: readonly Delivery[], stream: string) =>
  deliveries.filter(({ event }) => event.stream === stream)
const takeAs = async (scope: GroupScope, max = 10) =>
  (await harness.group()).take({ consumer: 'narrow', scope, max, waitMs: 0 })

describe('of events that are in flight, retried and parked', () => {
  let taken: readonly Delivery[]
  beforeEach(async () => {
    for (const stream of ['theirs', 'mine', 'theirs', 'mine', 'mine']) await harness.offer(1, stream)
    taken = await harness.take(5)
    expect(taken).toHaveLength(5)
  })

  test('those of one’s own streams are counted, and the oldest of them is told', async () => {
    const [first] = only(taken, 'mine')
    const seen = await status()
    expect(seen).toMatchObject({ inFlight: 3, retrying: 0, parked: 0, consumers: 1, stalled: null })
    expect(seen.floor).toBe((first?.event.position ?? 0) - 1)
    expect(seen.oldestInFlight).toMatchObject({ position: first?.event.position })
    expect((await (await harness.group()).progress()).inFlight).toBe(5)
  })

  test('one whose deadline has passed is to be retried', async () => {
    clock.pass(31n * SECOND)
    expect(await status()).toMatchObject({ inFlight: 0, retrying: 3, oldestInFlight: null, nextDue: null })
  })

  test('one that is to be retried later says when, of others nothing is told', async () => {
    const [first, second, third] = only(taken, 'mine') as [Delivery, Delivery, Delivery]
    await harness.settle([first], 'retry', 5)
    await harness.settle([second], 'park')
    await harness.settle([third])
    await harness.settle(only(taken, 'theirs'), 'retry', 1)
    const seen = await status()
    expect(seen).toMatchObject({ inFlight: 0, retrying: 1, parked: 1, floor: first.event.position - 1 })
    expect(seen.nextDue).toBe(new Date(Number(clock.now() / 1_000_000n) + 5_000).toISOString())
    clock.pass(6n * SECOND)
    expect(await status()).toMatchObject({ retrying: 1, nextDue: null })
  })

  test('with all of one’s own settled the floor is the head, though others are in flight', async () => {
    await harness.settle(only(taken, 'mine'))
    const seen = await status()
    expect([seen.floor, seen.lag, seen.inFlight]).toEqual([seen.head, 0, 0])
  })
})

test('the floor stands before the first event of one’s own that nobody has taken', async () => {
  for (const stream of ['theirs', 'theirs', 'mine']) await harness.offer(1, stream)
  const seen = await status()
  const all: number[] = []
  for await (const { position, stream } of harness.store.read({})) if (stream === 'mine') all.push(position)
  expect(seen.floor).toBe((all[0] as number) - 1)
  expect((await status(['nobody'])).lag).toBe(0)
})

test.each([
  ['a few patterns', MINE],
  ['many patterns', MANY],
])(
  'a consumer of %s is given its own again after others have let them go, and never those of others',
  async (_, scope) => {
    for (const stream of ['theirs', 'mine', 'theirs', 'mine']) await harness.offer(1, stream)
    const taken = await harness.take(4)
    await harness.settle(taken, 'retry')
    const given = await takeAs(scope)
    expect(given.map(({ event }) => event.stream)).toEqual(['mine', 'mine'])
    expect(await takeAs(scope)).toEqual([])
    await harness.settle(await harness.take(1))
    expect(await status(MANY)).toMatchObject({ inFlight: 2 })
  },
)

test('a group that its owner had within other streams is not counted for them', async () => {
  await harness.define({ ...DEFINED, within: [['theirs'], ['*']] })
  for (const stream of ['theirs', 'mine']) await harness.offer(1, stream)
  expect((await status()).lag).toBe(0)
  expect((await status(['theirs'])).lag).toBeGreaterThan(0)
})

test('why a group of a revoked owner stands still is told to whoever sees a part of it', async () => {
  await harness.offer(1, 'mine')
  const groups = new OpenGroups({ ...worldOn(harness.store, clock), isRevoked: () => true })
  const group = await groups.group('g')
  expect(await group.progress(MINE)).toMatchObject({ stalled: { code: 'OWNER_REVOKED' } })
})
