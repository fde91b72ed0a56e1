// Groups on a disk that is slow, full or broken, and when the power goes at any operation: what was answered stays true,
// and what was not answered is handed out again.
import { describe, expect, test } from '@jest/globals'
import { Access } from '../../src/auth/access.js'
import { WorkBudgets } from '../../src/auth/work-budgets.js'
import type { EmbeddedStore } from '../../src/backends/embedded/embedded-store.js'
import { DEFAULT_WORK_LIMITS } from '../../src/contract/work-limits.js'
import type { Delivery } from '../../src/groups/dispatch/pending-take.js'
import { openTiny } from '../crash/tiny-store.js'
import { SEED, SOAK, stride, tell } from '../support/effort.js'
import { FakeDisk } from '../support/fake-disk.js'
import { HeldDisk } from '../support/held-disk.js'
import { ManualClock, SECOND } from '../support/manual-clock.js'
import { Random } from '../support/random.js'
import { DEFINED, GroupHarness, groupsOn, positionsOf } from './group-harness.js'

const ROOMY = { presizeBytes: 0, segmentBytes: 2 ** 20 }
const onlyWrites = { only: (kind: string) => kind === 'write' }

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'answered',
    (error: { code?: string }) => String(error.code),
  )

/** What it has come to by the end of this turn. */
const soFar = (work: Promise<unknown>) =>
  Promise.race([codeOf(work), new Promise<string>(resolve => setImmediate(resolve, 'waits'))])

async function harness(more: object = ROOMY) {
  const disk = new FakeDisk({ directories: ['/'] })
  const held = new HeldDisk(disk)
  const clock = new ManualClock()
  const store = await openTiny(held, clock, more)
  const at = new GroupHarness(store, clock)
  await at.define()
  await at.offer(4)
  return { disk, held, clock, store, at }
}

async function again(disk: FakeDisk, clock: ManualClock): Promise<{ store: EmbeddedStore; at: GroupHarness }> {
  const store = await openTiny(disk, clock, ROOMY)
  return { store, at: new GroupHarness(store, clock) }
}

describe('an answer', () => {
  test('comes when it is durable, and not before', async () => {
    const { held, store, at } = await harness()
    held.hold()
    const taking = at.take(2)
    await held.arrived()
    expect(await soFar(taking)).toBe('waits')
    held.release()
    const given = await taking
    held.hold()
    const settling = at.settle(given)
    await held.arrived()
    // The same once more must not be told that it is settled while that can still be lost.
    const repeated = at.settle(given)
    expect([await soFar(settling), await soFar(repeated)]).toEqual(['waits', 'waits'])
    held.release()
    expect([await settling, await repeated]).toEqual([2, 2])
    await store.close()
  })

  test('that refuses a token comes when what it was refused for is durable, and not when that is lost', async () => {
    const { disk, held, clock, at } = await harness()
    const [first, second] = [await at.take(1), await at.take(1)]
    held.hold()
    const settling = at.settle(first)
    await held.arrived()
    const refused = at.settle(first, 'park')
    expect(await soFar(refused)).toBe('waits')
    held.release()
    expect([await settling, await codeOf(refused)]).toEqual([1, 'STALE_DELIVERY'])
    held.hold()
    const lost = [at.settle(second), at.settle(second, 'park')].map(codeOf)
    await held.arrived()
    const { store, at: next } = await again(disk.afterCrash(1, 'lose-all'), clock)
    held.release()
    expect(await Promise.all(lost)).toEqual(['INDETERMINATE', 'INDETERMINATE'])
    expect(await next.settle(second, 'park')).toBe(1)
    await store.close()
  })

  test('that came is true after the power has gone, and what did not come did not happen', async () => {
    const { disk, held, clock, at } = await harness()
    const kept = await at.take(1)
    held.hold()
    const lost = at.take(1)
    lost.catch(() => undefined)
    await held.arrived()
    const { store, at: next } = await again(disk.afterCrash(1, 'lose-all'), clock)
    held.release()
    expect(positionsOf(await next.take(9))).toEqual([3, 4, 5])
    expect(await next.settle(kept)).toBe(1)
    await store.close()
  })
})

describe('a full disk', () => {
  test('loses nothing: those who ask are told, and it goes on when there is room', async () => {
    const { disk, clock, store, at } = await harness()
    const given = await at.take(2)
    disk.arm({ failFrom: 1, code: 'ENOSPC', ...onlyWrites })
    expect(await codeOf(at.take(2))).toBe('DISK_FULL')
    expect(await codeOf(at.settle(given))).toBe('DISK_FULL')
    disk.heal()
    while ((await codeOf(at.settle(given))) === 'DISK_FULL') clock.move(SECOND)
    const rest = await at.take(9)
    expect(rest.map(({ attempt, token }) => [attempt, token])).toEqual([
      [1, '4.3'],
      [1, '5.4'],
    ])
    await at.settle(rest)
    expect(await (await at.group()).progress()).toMatchObject({ lag: 0, inFlight: 0 })
    await store.close()
  })

  test('is told to everybody who waits', async () => {
    const { disk, store, at } = await harness()
    await at.settle(await at.take(9))
    const waiting = [at.take(1, 60_000), at.take(1, 60_000)]
    await at.group()
    disk.arm({ failAt: 2, code: 'ENOSPC', ...onlyWrites })
    await at.offer(1)
    expect(await Promise.all(waiting.map(codeOf))).toEqual(['DISK_FULL', 'DISK_FULL'])
    disk.heal()
    await store.close()
  })
})

test('a disk that fails: nothing more is handed out, and a new start knows what is true', async () => {
  const { disk, clock, store, at } = await harness()
  const given = await at.take(2)
  disk.arm({ failAt: 1, code: 'EIO', ...onlyWrites })
  expect(await codeOf(at.settle(given))).toBe('INDETERMINATE')
  expect(await codeOf(at.take(9))).toBe('READ_ONLY')
  expect(await codeOf(at.settle(given))).toBe('READ_ONLY')
  expect(await (await at.group()).progress()).toMatchObject({ inFlight: 2 })
  await store.close()
  const { store: next, at: then } = await again(disk.afterCrash(1, 'lose-all'), clock)
  expect(positionsOf(await then.take(9))).toEqual([4, 5])
  expect(await then.settle(given)).toBe(2)
  await next.close()
})

test('a name that is left over from a definition that failed does not make an agent owner of more than it may', async () => {
  const { disk, clock, store } = await harness()
  const groups = groupsOn(store, new WorkBudgets({ ...DEFAULT_WORK_LIMITS, groups: 1 }))
  const define = (name: string, agentId: string) =>
    codeOf(groups.define(name, { ...DEFINED, filter: {} }, new Access({ agentId, role: 'agent' })))
  expect(await define('bobs', 'bob')).toBe('answered')
  disk.arm({ failFrom: 1, code: 'ENOSPC', ...onlyWrites })
  expect(await define('left', 'ada')).toBe('DISK_FULL')
  disk.heal()
  clock.move(60n * SECOND)
  expect(await define('left', 'bob')).toBe('WORK_LIMIT')
  expect(await define('left', 'ada')).toBe('answered')
  expect(await define('another', 'ada')).toBe('WORK_LIMIT')
  groups.draining.begin()
  await store.close()
})

/** What consumers were told, and what they asked for in vain when the power went. */
class Told {
  readonly given = new Map<string, Delivery>()
  readonly settled = new Set<number>()
  /** Not out any more, and perhaps never settled. */
  readonly doubtful = new Set<string>()
  largest = 0

  gave(deliveries: readonly Delivery[], now: number): void {
    for (const delivery of deliveries) {
      const { token, event } = delivery
      const [, number] = token.split('.').map(Number) as [number, number]
      expect(number).toBeGreaterThan(this.largest)
      expect(this.settled.has(event.position)).toBe(false)
      for (const earlier of this.given.values()) {
        if (earlier.event.position !== event.position) continue
        expect(this.doubtful.has(earlier.token) || earlier.deadlineMs <= now).toBe(true)
        this.given.delete(earlier.token)
      }
      this.given.set(token, delivery)
    }
    for (const { token } of deliveries) this.largest = Math.max(this.largest, Number(token.split('.')[1]))
  }

  async settle(at: GroupHarness, some: readonly Delivery[], action: 'ack' | 'retry'): Promise<void> {
    for (const { token } of some) this.doubtful.add(token)
    await at.settle(some, action)
    for (const { event } of some) {
      if (action === 'ack') this.settled.add(event.position)
    }
  }
}

const nowOf = (clock: ManualClock) => Number(clock.now() / 1_000_000n)

async function live(at: GroupHarness, clock: ManualClock, told: Told, random: Random): Promise<void> {
  await at.define()
  for (let turn = 0; turn < 14; turn++) {
    if (random.chance(0.6)) await at.offer(random.between(1, 3))
    const given = await at.take(random.between(1, 3))
    told.gave(given, nowOf(clock))
    if (random.chance(0.7)) await told.settle(at, given.slice(0, 2), random.chance(0.8) ? 'ack' : 'retry')
    clock.move(BigInt(random.between(1, 20)) * SECOND)
  }
}

/** After the crash, and a new start: every answer holds, and all that is left is worked off once. */
async function check(at: GroupHarness, clock: ManualClock, told: Told): Promise<number> {
  if ((await at.group()).definition === undefined) {
    expect(told.given.size).toBe(0)
    return 0
  }
  const mine = [...told.given.values()].filter(({ token }) => !told.doubtful.has(token))
  for (const one of mine.filter(({ deadlineMs }) => deadlineMs > nowOf(clock)).slice(0, 1))
    await told.settle(at, [one], 'ack')
  for (let turn = 0; turn < 12; turn++) {
    const given = await at.take(100)
    told.gave(given, nowOf(clock))
    await told.settle(at, given, 'ack')
    clock.move(20n * SECOND)
  }
  expect(await (await at.group()).progress()).toMatchObject({ lag: 0, inFlight: 0, retrying: 0, parked: 0 })
  return told.settled.size
}

/** The disk as it was when the power went at operation `dieAt`; undefined when the life ended before. */
async function liveUntil(dieAt: number, clock: ManualClock, told: Told): Promise<FakeDisk | undefined> {
  const disk = new FakeDisk({ directories: ['/'], seed: SEED + dieAt, plan: { dieAt } })
  try {
    const store = await openTiny(disk, clock)
    await live(new GroupHarness(store, clock, 5), clock, told, new Random(SEED))
    await store.close()
  } catch (error) {
    if (disk.powered) throw error
  }
  return disk.powered ? undefined : disk
}

test('the power goes at any operation of a group: no answer is taken back, nothing is given twice or too early', async () => {
  const counts = { crashes: 0, settled: 0 }
  const step = stride(5, 10)
  for (const mode of SOAK > 0 ? (['random', 'lose-all', 'keep-all'] as const) : (['random'] as const)) {
    for (let dieAt = 1 + (SEED % step); ; dieAt += step) {
      const clock = new ManualClock()
      const told = new Told()
      const disk = await liveUntil(dieAt, clock, told)
      if (disk === undefined) break
      counts.crashes++
      const store = await openTiny(disk.afterCrash(SEED + dieAt, mode), clock)
      counts.settled += await check(new GroupHarness(store, clock, 5), clock, told)
      await store.close()
    }
  }
  tell('groups under power loss', counts)
  expect(counts.crashes).toBeGreaterThan(10)
}, 60_000)
