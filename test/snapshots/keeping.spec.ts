// When snapshots are made by themselves, of which folds, and when they go.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { Logger } from '@nestjs/common'
import { Pressure } from '../../src/contract/pressure.js'
import { FoldCatalog } from '../../src/folding/fold-catalog.service.js'
import { BY_PROJECTIONS, FOLDS_MAX } from '../../src/snapshots/registry.js'
import type { SnapshotRules } from '../../src/snapshots/snapshot-rules.js'
import { SnapshotScheduler } from '../../src/snapshots/snapshot-scheduler.service.js'
import { openTiny } from '../crash/tiny-store.js'
import { FakeDisk } from '../support/fake-disk.js'
import { ManualClock } from '../support/manual-clock.js'
import { RENAMED, RENAMED_TYPE, SEEN } from './naive-fold.js'
import { DIRECTORY, OPERATOR, StateFixture } from './state-fixture.js'

const HOUR = 3_600_000
const NEVER: SnapshotRules = {
  events: 1e9,
  growthBytes: 1e15,
  quietMs: 6 * HOUR,
  quietHours: '22:00-06:00',
  quietRequestsPerMinute: 60,
}
const TASKS = { filter: { types: ['task.*'] } }

let disk: FakeDisk
let fixture: StateFixture
let requests = 0
let pressure: Pressure

beforeEach(async () => {
  disk = new FakeDisk({ seed: 1, directories: ['/data'] })
  fixture = await StateFixture.open(disk)
  requests = 0
  pressure = new Pressure()
})

function keeper(rules: Partial<SnapshotRules> = {}): SnapshotScheduler {
  const world = { store: fixture.store, nowMs: () => fixture.nowMs, requests: async () => requests, pressure }
  return new SnapshotScheduler(fixture.snapshots, world, { ...NEVER, ...rules })
}
const made = () => fixture.snapshots.counts.made
const append = (type: string, count = 1) =>
  fixture.append(...Array.from({ length: count }, (_, n) => ({ type, data: { n } })))

describe('a snapshot of a fold that is kept is made', () => {
  test('after so many events that match it, whatever else is appended', async () => {
    await append('task.begun')
    await fixture.keep(TASKS)
    const guard = keeper({ events: 10 })
    await append('other', 50)
    await append('task.done', 9)
    await guard.look()
    expect(made()).toEqual({ demand: 1 })
    await append('other', 5)
    await guard.look()
    await append('task.done')
    await guard.look()
    expect(made()).toEqual({ demand: 1, events: 1 })
    expect(await fixture.began(TASKS)).toBe(fixture.store.head())
    await guard.look()
    await append('task.done', 9)
    await guard.look()
    expect(made()).toEqual({ demand: 1, events: 1 })
    await append('task.done')
    await guard.look()
    expect(made()).toEqual({ demand: 1, events: 2 })
  })

  test('not while the service is in trouble, and then as ever', async () => {
    await append('task.begun')
    await fixture.keep(TASKS)
    const guard = keeper({ events: 10 })
    await append('task.done', 20)
    const before = { ...made() }
    pressure.tell({ isEmergency: true })
    await guard.look()
    expect(made()).toEqual(before)
    pressure.tell({ isEmergency: false })
    await guard.look()
    expect(made()).toEqual({ ...before, events: 1 })
  })

  test('after so much log, whatever matches', async () => {
    const store = await openTiny(disk, new ManualClock())
    fixture = await StateFixture.open(disk, store)
    await append('task.begun')
    await fixture.keep(TASKS)
    const guard = keeper({ growthBytes: 20_000 })
    await append('other')
    await guard.look()
    expect(made()).toEqual({ demand: 1 })
    const before = store.status().size?.bytes ?? 0
    while ((store.status().size?.bytes ?? 0) < before + 20_000) await append('other', 10)
    await guard.look()
    expect(made()).toEqual({ demand: 1, growth: 1 })
    await store.close()
  })

  test('never by the growth of a log that does not tell its size, which the server says when it starts', async () => {
    const warned: unknown[] = []
    Logger.overrideLogger({ log: () => undefined, error: () => undefined, warn: message => warned.push(message) })
    const guard = keeper({ growthBytes: 1 })
    guard.onApplicationBootstrap()
    await guard.beforeApplicationShutdown()
    Logger.overrideLogger(false)
    expect(warned).toEqual([expect.stringContaining('does not tell how large its log is')])
    await append('task.begun')
    await fixture.keep(TASKS)
    await append('other')
    await guard.look()
    expect(made()).toEqual({ demand: 1 })
  })

  test('every six hours when it is quiet, and not while there is much to do', async () => {
    await append('task.begun')
    await fixture.keep(TASKS)
    await append('other')
    const guard = keeper()
    const look = async (hours: number, asked: number) => {
      fixture.nowMs += hours * HOUR
      requests += asked
      await guard.look()
      return made()['quiet'] ?? 0
    }
    // It is noon.
    expect(await look(0, 0)).toBe(0)
    expect(await look(9.9, 0)).toBe(0)
    // Ten at night: the first look at a counter tells no rate, so what comes then is held against the second.
    expect(await look(0.2, 0)).toBe(0)
    expect(await look(0.1, 60 * 6 + 1)).toBe(0)
    expect(await look(0.1, 60 * 6)).toBe(1)
    await append('other')
    expect(await look(5.9, 0)).toBe(1)
    expect(await look(0.2, 0)).toBe(2)
    // It is quiet still, and nothing has come.
    expect(await look(7, 0)).toBe(2)
    await append('other')
    // By day it waits.
    expect(await look(6, 0)).toBe(2)
    expect(await look(12, 0)).toBe(3)
  })

  test('at once when there is none, and none while there is nothing', async () => {
    await fixture.keep(TASKS)
    const guard = keeper()
    await guard.look()
    expect(fixture.shelf.list()).toEqual([])
    await append('other')
    await guard.look()
    expect(fixture.shelf.list()).toHaveLength(1)
  })

  test('of every projection as long as it is in force, without being asked for', async () => {
    await fixture.projections.define('seen', SEEN, 'operator')
    await append('T', 3)
    const guard = keeper()
    await guard.look()
    expect(await fixture.began({ projection: 'seen' })).toBe(4)
    await fixture.projections.define('seen', { ...SEEN, initial: { count: 100 } }, 'operator')
    await guard.look()
    expect(fixture.shelf.list()).toHaveLength(1)
    expect(await fixture.replay({ projection: 'seen' })).toMatchObject({
      state: { count: 103 },
      snapshot: { position: 5 },
    })
    expect(await fixture.replay({ projection: 'seen', version: 1 })).toMatchObject({
      state: { count: 3 },
      snapshot: null,
    })
    await fixture.projections.remove('seen', 'operator')
    await guard.look()
    expect(fixture.shelf.list()).toEqual([])
  })

  test('anew when upcasters change, and the old ones are used no more', async () => {
    await fixture.append({ type: 'U', data: { a: 1 } })
    const asked = { filter: { types: ['U'] } }
    await fixture.keep(asked)
    await fixture.upcasting.define(RENAMED_TYPE, RENAMED, 'operator')
    expect(await fixture.replay(asked)).toMatchObject({ state: { renamed: 1 }, snapshot: null })
    await keeper().look()
    expect(await fixture.replay(asked)).toMatchObject({ state: { renamed: 1 }, snapshot: { position: 2 } })
    await fixture.upcasting.remove(RENAMED_TYPE, 'operator')
    expect(await fixture.replay(asked)).toMatchObject({ state: { a: 1 }, snapshot: { position: 1 } })
  })
})

describe('what cannot be made', () => {
  test('is tried again later, and appends and replays do not hear of it', async () => {
    await append('task.begun')
    await fixture.keep(TASKS)
    const guard = keeper({ events: 1 })
    await append('task.done')
    disk.arm({ failFrom: 1, code: 'EIO' })
    await guard.look()
    disk.heal()
    expect(made()).toEqual({ demand: 1 })
    expect(await fixture.answer(TASKS)).toBe(await fixture.answer({ ...TASKS, snapshots: false }))
    await guard.look()
    expect(made()).toEqual({ demand: 1 })
    fixture.nowMs += 600_000
    await guard.look()
    expect(made()).toEqual({ demand: 1, events: 1 })
  })

  test('for want of room is not made: snapshots take a tenth of the volume and no more', async () => {
    disk = new FakeDisk({ seed: 1, directories: ['/data'], capacityBytes: 4_000 })
    fixture = await StateFixture.open(disk)
    await append('task.begun')
    await fixture.keep(TASKS)
    await append('task.done')
    await expect(fixture.keep(TASKS)).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect(await fixture.began(TASKS)).toBe(1)
    expect(await fixture.answer(TASKS)).toBe(await fixture.answer({ ...TASKS, snapshots: false }))
  })
})

describe('a fold of which no snapshot can be made when it is asked for', () => {
  const named = (name: string, reducer: 'merge' | 'count') =>
    fixture.snapshots.keep({ fold: { ...TASKS, reducer }, name }, OPERATOR)

  test('is not kept, and one that is kept already stays as it is', async () => {
    await append('task.begun')
    await fixture.keep(TASKS)
    const before = fixture.snapshots.registry.all
    await append('task.done')
    fixture.shelf.put = () => Promise.reject(new Error('no room'))
    await expect(named('counts', 'count')).rejects.toThrow('no room')
    await expect(named('tasks', 'merge')).rejects.toThrow('no room')
    expect(fixture.snapshots.registry.all).toEqual(before)
    fixture = await StateFixture.open(disk, fixture.store)
    expect(fixture.snapshots.registry.all).toEqual(before)
  })

  test('has none when it may not be kept', async () => {
    await append('task.begun')
    await named('tasks', 'merge')
    await expect(named('tasks', 'count')).rejects.toMatchObject({ code: 'SNAPSHOT_CONFLICT' })
    expect(fixture.shelf.list()).toHaveLength(1)
  })
})

test('the fold of a projection that somebody asks for counts among those on request', async () => {
  const { registry } = fixture.snapshots
  await append('T')
  await fixture.projections.define('seen', SEEN, 'operator')
  await keeper().look()
  for (let n = 0; n < FOLDS_MAX; n++) await fixture.keep({ filter: { types: [`T${n}`] } })
  const asked = { projection: 'seen' }
  await expect(fixture.keep(asked)).rejects.toMatchObject({ code: 'SNAPSHOT_CONFLICT' })
  const [ofProjection, onRequest] = registry.all
  expect(ofProjection?.keptBy).toBe(BY_PROJECTIONS)
  await fixture.snapshots.unregister(onRequest?.id as string)
  expect((await fixture.keep(asked)).fold).toMatchObject({ id: ofProjection?.id, keptBy: 'operator' })
  // It is kept already, and stays so without a place of its own being needed.
  expect((await fixture.keep(asked)).fold).toMatchObject({ keptBy: 'operator' })
})

describe('one that cannot be verified', () => {
  const verified = () => fixture.snapshots.registry.all.map(({ verifiedMs }) => (fixture.nowMs - verifiedMs) / HOUR)

  /** Its snapshots are of a definition that is no more. */
  async function keepGone(): Promise<void> {
    await fixture.projections.define('seen', SEEN, 'operator')
    await fixture.keep({ projection: 'seen' })
    const same = fixture.folds.same.bind(fixture.folds)
    fixture.folds.same = async text => (text.includes('"seen"') ? undefined : same(text))
  }

  test('does not keep the others from it, which wait a while for it and no longer', async () => {
    await append('task.begun')
    await keepGone()
    await fixture.keep(TASKS)
    await fixture.keep()
    const guard = keeper()
    fixture.nowMs += 24 * HOUR
    await guard.look()
    await guard.look()
    expect(verified()).toEqual([24, 24, 24])
    fixture.nowMs += HOUR
    await guard.look()
    await guard.look()
    expect(verified()).toEqual([25, 0, 25])
    for (let hour = 0; hour < 60; hour++) {
      fixture.nowMs += HOUR
      await guard.look()
    }
    expect(
      verified()
        .slice(1)
        .every(hours => hours < 48),
    ).toBe(true)
  })

  test('is tried again after a while when it is the only one', async () => {
    await append('task.begun')
    await keepGone()
    const guard = keeper()
    fixture.nowMs += 24 * HOUR
    await guard.look()
    fixture.folds.same = FoldCatalog.prototype.same.bind(fixture.folds)
    await guard.look()
    expect(verified()).toEqual([24])
    fixture.nowMs += HOUR
    await guard.look()
    expect(verified()).toEqual([0])
  })
})

test('of a fold that was let go nothing is remembered: kept again, it waits for nothing', async () => {
  await append('task.begun')
  const { fold } = await fixture.keep(TASKS)
  const guard = keeper({ events: 1 })
  await append('task.done')
  disk.arm({ failFrom: 1, code: 'EIO' })
  await guard.look()
  disk.heal()
  await fixture.snapshots.unregister(fold.id)
  await guard.look()
  await fixture.keep(TASKS)
  await append('task.done')
  await guard.look()
  expect(made()).toEqual({ demand: 2, events: 1 })
})

describe('snapshots go', () => {
  test('when they have had their time, and the newest never', async () => {
    await append('T')
    for (let day = 0; day < 40; day++) {
      await append('T')
      await fixture.keep()
      fixture.nowMs += 24 * HOUR
      await keeper().look()
    }
    const ages = fixture.shelf.list().map(({ header }) => Math.round((fixture.nowMs - header.createdMs) / (24 * HOUR)))
    expect(ages.slice(0, 30)).toEqual(Array.from({ length: 30 }, (_, at) => at + 1))
    expect(ages.length).toBeLessThan(40)
    expect(await fixture.answer({})).toBe(await fixture.answer({ snapshots: false }))
    fixture.nowMs += 1_000 * 24 * HOUR
    await keeper().look()
    expect(fixture.shelf.list().length).toBeLessThanOrEqual(11)
    expect(await fixture.began()).toBe(fixture.store.head())
  })

  test('with the fold, but for those that are protected', async () => {
    await append('T')
    const { fold, snapshot } = await fixture.keep()
    await append('T')
    await fixture.keep()
    await fixture.snapshots.setProtected(snapshot?.id as string, true)
    await expect(fixture.snapshots.remove(snapshot?.id as string)).rejects.toMatchObject({ code: 'SNAPSHOT_CONFLICT' })
    await fixture.snapshots.unregister(fold.id)
    expect(fixture.shelf.list().map(({ id }) => id)).toEqual([snapshot?.id])
    fixture.nowMs += 1_000 * 24 * HOUR
    await keeper().look()
    expect(fixture.shelf.list()).toHaveLength(1)
    fixture = await StateFixture.open(disk, fixture.store)
    await fixture.snapshots.setProtected(snapshot?.id as string, false)
    fixture.nowMs += 1_000 * 24 * HOUR
    await keeper().look()
    expect(fixture.shelf.list()).toEqual([])
  })
})

test('what a dead server was writing is swept away when the next one begins', async () => {
  await append('T')
  await fixture.keep()
  disk.put(`${DIRECTORY}/0123.snap.tmp`, Buffer.from('half'))
  disk.put(`${DIRECTORY}/KEPT.tmp`, Buffer.from('half'))
  fixture = await StateFixture.open(disk, fixture.store)
  expect(disk.files().filter(path => path.endsWith('.tmp'))).toEqual([])
  expect(await fixture.began()).toBe(1)
  expect(fixture.snapshots.registry.all[0]).toMatchObject({ keptBy: OPERATOR.agentId })
})
