// What happens to groups in the world: damage and retention under them, consumers that stay, go and vanish, and the end of the server.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Access } from '../../src/auth/access.js'
import type { EmbeddedStore } from '../../src/backends/embedded/embedded-store.js'
import { repairStore } from '../../src/backends/embedded/verify-store.js'
import { MemoryStore } from '../../src/backends/memory/memory-store.js'
import type { Delivery } from '../../src/groups/dispatch/pending-take.js'
import type { Groups } from '../../src/groups/groups.service.js'
import { DATA, openTiny } from '../crash/tiny-store.js'
import { AgedStore } from '../support/aged-store.js'
import { FakeDisk } from '../support/fake-disk.js'
import { HeldDisk } from '../support/held-disk.js'
import { DAY, ManualClock, SECOND } from '../support/manual-clock.js'
import { DEFINED, GroupHarness, groupsOn, positionsOf } from './group-harness.js'

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'answered',
    (error: { code?: string }) => String(error.code),
  )

/** What groups have written down of the damage that they passed over. */
async function notedBy(store: EmbeddedStore): Promise<unknown[]> {
  const filter = { streams: ['$subscriptions'], types: ['DamagePassedOver'] }
  const noted: unknown[] = []
  for await (const { data } of store.read({ filter, onDamaged: () => undefined })) noted.push(data)
  return noted
}

describe('damage', () => {
  let disk: FakeDisk
  let clock: ManualClock
  const open = () => openTiny(disk, clock, { segmentBytes: 2 ** 20, sealOnCloseBytes: 1 })

  beforeEach(() => {
    disk = new FakeDisk({ directories: ['/'] })
    clock = new ManualClock()
  })

  /** A store whose event with this text in it has been hit, and whose operator has accepted that. */
  async function hit(store: EmbeddedStore, text: string, accept = true): Promise<EmbeddedStore> {
    await store.close()
    for (const path of disk.files()) {
      const at = Buffer.from(disk.bytes(path)).indexOf(text)
      if (path.endsWith('.log') && at >= 0) disk.flip(path, at)
    }
    if (accept) await repairStore(DATA, { disk, apply: true })
    return open()
  }

  const task = (text: string) => ({
    events: [{ type: 'task', stream: 'tasks', data: { text } }],
    author: { agentId: 'writer' },
  })

  test('where the reading goes on: what lies before it is handed out, then the group stands still and says why', async () => {
    const before = await open()
    await new GroupHarness(before, clock).define()
    for (const text of ['good', 'needle', 'behind']) await before.append(task(text))
    const store = await hit(before, 'needle')
    const harness = new GroupHarness(store, clock)
    const given = await harness.take(9)
    expect(given.map(({ event }) => event.data)).toEqual([{ text: 'good' }])
    expect(await codeOf(harness.take(9))).toBe('DATA_CORRUPT')
    expect(await codeOf(harness.take(9, 60_000))).toBe('DATA_CORRUPT')
    expect(await harness.settle(given)).toBe(1)
    expect((await (await harness.group()).progress()).stalled).toMatchObject({
      code: 'DATA_CORRUPT',
      detail: expect.stringContaining('position 3'),
    })
    // Until whoever looks after it says that it may go on.
    await (await harness.group()).change({ ...DEFINED, damaged: 'skip' }, 'boss')
    expect((await harness.take(9)).map(({ event }) => event.data)).toEqual([{ text: 'behind' }])
    expect((await (await harness.group()).progress()).stalled).toBeNull()
    expect(await notedBy(store)).toEqual([{ subscription: 'g', from: 3, to: 3 }])
    await store.close()
  })

  test('that the group skips is written down once, however many look further at the same time', async () => {
    const before = await open()
    await new GroupHarness(before, clock).define({ damaged: 'skip' })
    for (const text of ['needle', 'behind']) await before.append(task(text))
    const store = await hit(before, 'needle')
    const harness = new GroupHarness(store, clock)
    const group = await harness.group()
    const looks = Array.from({ length: 8 }, () => group.progress())
    const [given] = await Promise.all([harness.take(9), ...looks])
    expect(given.map(({ event }) => event.data)).toEqual([{ text: 'behind' }])
    expect(await notedBy(store)).toEqual([{ subscription: 'g', from: 2, to: 2 }])
    await store.close()
  })

  test('to an event that is to be handed out again: it is parked, and the others go on', async () => {
    const before = await open()
    const first = new GroupHarness(before, clock)
    await first.define()
    for (const text of ['needle', 'behind']) await before.append(task(text))
    await first.take(9)
    const store = await hit(before, 'needle')
    clock.move(31n * SECOND)
    const harness = new GroupHarness(store, clock)
    expect((await harness.take(9)).map(({ event }) => event.data)).toEqual([{ text: 'behind' }])
    const { parked } = (await harness.group()).state
    expect([...parked.values()]).toMatchObject([{ attempt: 1, reason: expect.stringContaining('DATA_CORRUPT') }])
    await store.close()
  })

  test('to the books: as long as nobody has given them up whoever asks is told, and then no old token means anything', async () => {
    const before = await open()
    const first = new GroupHarness(before, clock)
    await first.define()
    for (const text of ['one', 'two']) await before.append(task(text))
    const [old] = await first.take(1, 0, 'needle')
    const damaged = await hit(before, 'needle', false)
    const told = new GroupHarness(damaged, clock)
    expect(await codeOf(told.take(9))).toBe('DATA_CORRUPT')
    await damaged.close()
    await repairStore(DATA, { disk, apply: true })
    const store = await open()
    const harness = new GroupHarness(store, clock)
    const given = await harness.take(9)
    expect(given.map(({ event }) => event.data)).toEqual([{ text: 'one' }, { text: 'two' }])
    expect(await codeOf(harness.settle([old as Delivery]))).toBe('STALE_DELIVERY')
    expect(given[0]?.token).toBe('2.1000001')
    await store.close()
  })

  test('between the books of a group: they are proven whole, and it goes on as if nothing was', async () => {
    const before = await open()
    const first = new GroupHarness(before, clock)
    await first.define()
    await before.append({ ...task('needle'), events: [{ type: 'noise', stream: 'n', data: { text: 'needle' } }] })
    await before.append(task('fine'))
    const given = await first.take(1)
    const store = await hit(before, 'needle')
    const harness = new GroupHarness(store, clock)
    expect((await harness.group()).state.lastNumber).toBe(1)
    expect(await harness.settle(given)).toBe(1)
    await store.close()
  })
})

describe('retention', () => {
  test('takes events away, and never the group: what is gone is done with, the rest is handed out', async () => {
    const disk = new FakeDisk({ directories: ['/data'] })
    const clock = new ManualClock()
    const options = { archiveAfterDays: 1, retainArchivesDays: 2 }
    const aged = await AgedStore.open(disk, '/data', clock, options)
    const { store } = aged
    const harness = new GroupHarness(store, clock)
    await harness.define({ filter: { types: ['day.logged'] } })
    await aged.day()
    const given = await harness.take(2)
    for (let day = 0; day < 6; day++) {
      await aged.day()
      await (await harness.group()).rewrite()
    }
    while (await store.maintenance.pass()) clock.move(0n)
    const { first } = store.status()
    expect(first).toBeGreaterThan(given.at(-1)?.event.position as number)
    // Opened anew from what is left of the log.
    const next = new GroupHarness(store, clock)
    const rest = await next.take(100)
    expect(Math.min(...positionsOf(rest))).toBeGreaterThanOrEqual(first)
    await next.settle(rest)
    expect(await (await next.group()).progress()).toMatchObject({ inFlight: 0, retrying: 0, parked: 0, lag: 0 })
    await store.close()
  })
})

describe('a consumer that stays', () => {
  let store: MemoryStore
  let groups: Groups
  const boss = new Access({ agentId: 'boss', role: 'agent' })
  const worker = new Access({ agentId: 'worker', role: 'agent' })
  beforeEach(async () => {
    store = new MemoryStore({ nodeId: 'n' })
    groups = groupsOn(store)
    await groups.define('g', { ...DEFINED, after: 'start' }, boss)
  })
  afterEach(() => groups.draining.begin())

  const offer = (count: number) => new GroupHarness(store, new ManualClock()).offer(count)

  /** What has been handed to it, as it comes. */
  async function consume(maxInFlight: number, access = worker) {
    const given: Delivery[] = []
    const ended: unknown[] = []
    let seen = (): void => undefined
    const handle = await groups.consume('g', access, {
      maxInFlight,
      onDeliveries: deliveries => {
        given.push(...deliveries)
        seen()
      },
      onEnd: error => {
        ended.push(error)
        seen()
      },
    })
    const until = async (met: () => boolean) => {
      while (!met()) {
        await new Promise<void>(resolve => {
          seen = resolve
        })
      }
    }
    return { given, ended, handle, until }
  }

  test('has at most what it said, and is given more when it settles', async () => {
    await offer(5)
    const { given, handle, until } = await consume(2)
    await until(() => given.length === 2)
    expect(await handle.ack([given[0]?.token as string])).toBe(1)
    await until(() => given.length === 3)
    await handle.nack({ tokens: [given[1]?.token as string], action: 'skip' })
    await until(() => given.length === 4)
    expect((await groups.view('g', boss)).progress).toMatchObject({ inFlight: 2, consumers: 1 })
    handle.stop()
    await handle.ack(given.slice(2).map(({ token }) => token))
    expect(await groups.take('g', worker, { max: 9, waitMs: 0 })).toHaveLength(1)
    expect(given).toHaveLength(4)
  })

  test('shares with others what comes', async () => {
    const all = await Promise.all([consume(100), consume(100, new Access({ agentId: 'other', role: 'agent' }))])
    await offer(200)
    const count = () => all.reduce((sum, { given }) => sum + given.length, 0)
    await Promise.race(all.map(({ until }) => until(() => count() === 200)))
    expect(new Set(all.flatMap(({ given }) => positionsOf(given))).size).toBe(200)
    for (const { handle } of all) handle.stop()
  })

  test('is told when the group is deleted', async () => {
    const { ended, until } = await consume(2)
    await groups.remove('g', boss)
    await until(() => ended.length > 0)
    expect(ended).toMatchObject([{ code: 'NOT_FOUND' }])
  })

  test('is told when the server ends', async () => {
    const { ended, until } = await consume(2)
    groups.draining.begin()
    await until(() => ended.length > 0)
    expect(ended).toMatchObject([{ code: 'CLOSED' }])
    expect(await codeOf(groups.take('g', worker, { max: 1, waitMs: 0 }))).toBe('CLOSED')
  })

  test('of a group that is none is refused', async () => {
    const part = { maxInFlight: 1, onDeliveries: () => undefined, onEnd: () => undefined }
    expect(await codeOf(groups.consume('none', worker, part))).toBe('NOT_FOUND')
  })

  test('may settle only what it was given, and manage only what it defined', async () => {
    await offer(1)
    const [one] = await groups.take('g', worker, { max: 1, waitMs: 0 })
    const tokens = [one?.token as string]
    const stranger = new Access({ agentId: 'stranger', role: 'agent' })
    expect(await codeOf(groups.ack('g', stranger, tokens))).toBe('STALE_DELIVERY')
    expect(await codeOf(groups.remove('g', stranger))).toBe('FORBIDDEN')
    expect(await codeOf(groups.discard('g', stranger, undefined))).toBe('FORBIDDEN')
    expect(await codeOf(groups.ack('g', boss, tokens))).toBe('answered')
  })

  test('is never given the books of the groups, whatever the filter says', async () => {
    const admin = new Access({ agentId: 'root', role: 'admin' })
    await groups.define('all', { ...DEFINED, filter: { streams: ['$*', '*'] }, after: 'start' }, admin)
    await offer(1)
    const given = await groups.take('all', admin, { max: 100, waitMs: 0 })
    expect(given.map(({ event }) => event.stream)).toEqual(['tasks'])
  })
})

test('whoever goes away while the answer is being written was given nothing: the next one is, as if for the first time', async () => {
  const held = new HeldDisk(new FakeDisk({ directories: ['/'] }))
  const clock = new ManualClock()
  const store = await openTiny(held, clock, { presizeBytes: 0, segmentBytes: 2 ** 20 })
  const harness = new GroupHarness(store, clock)
  await harness.define()
  await harness.offer(2)
  const gone = new AbortController()
  held.hold()
  const group = await harness.group()
  const take = { consumer: 'leaver', scope: undefined, max: 1, waitMs: 60_000, signal: gone.signal }
  const leaving = group.take(take)
  await held.arrived()
  gone.abort()
  held.release()
  const [lost] = await leaving
  const given = await harness.take(9)
  expect(given.map(({ attempt, token }) => [attempt, token])).toEqual([
    [1, '2.2'],
    [1, '3.3'],
  ])
  expect(lost?.token).toBe('2.1')
  expect(await codeOf(harness.settle([lost as Delivery]))).toBe('STALE_DELIVERY')
  await store.close()
})

test('time that passes wakes whoever waits, once it is looked at', async () => {
  const clock = new ManualClock()
  const store = new MemoryStore({ nodeId: 'n', clock })
  const harness = new GroupHarness(store, clock)
  await harness.define({ maxAttempts: 2 })
  await harness.offer(1)
  await harness.take(1)
  const waiting = harness.take(1, 60_000, 'b')
  const group = await harness.group()
  clock.move(DAY / 2n)
  group.look()
  expect(await waiting).toMatchObject([{ attempt: 2 }])
  clock.move(DAY / 2n)
  group.look()
  await group.settled()
  expect(await group.progress()).toMatchObject({ parked: 1, retrying: 0, inFlight: 0 })
  await store.close()
})
