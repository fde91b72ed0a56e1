// A volume that is nearly full loses its oldest archives, and nobody loses an event: a backup has them, and keeps them.
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { AgedStore, EVENTS_A_DAY } from '../../../../../test/support/aged-store.js'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { ManualClock } from '../../../../../test/support/manual-clock.js'
import { backupStore, restoreStore } from '../../backup-store.js'
import type { Disk, Space } from '../disk/disk.js'

const DATA = '/data'
const BACKUP = '/backup'
const DAYS = 14
const clock = new ManualClock()
let full: FakeDisk
let events: string[]
let disk: FakeDisk
/** The share of the volume that is free. */
let free: number

beforeAll(async () => {
  full = new FakeDisk({ directories: ['/'] })
  const aged = await AgedStore.open(full, DATA, clock)
  for (let day = 0; day < DAYS; day++) await aged.day()
  while (await aged.store.maintenance.pass());
  events = await aged.events()
  await aged.store.close()
  await backupStore(DATA, BACKUP, { disk: full, proofMs: 0 })
})

beforeEach(() => {
  disk = full.clone()
  free = 0.08
})

/** The same disk, of a volume that is as full as the test says. */
function volume(): Disk {
  const shown: Disk = Object.create(disk)
  shown.space = async (): Promise<Space> => ({ totalBytes: 1e12, freeBytes: free * 1e12, freeInodes: 1e6 })
  return shown
}
const open = (options: object = {}) => {
  const rules = { archiveAfterDays: 0, restoreFrom: BACKUP, cleanUpDays: 10, disk: volume(), ...options }
  return AgedStore.open(undefined, DATA, clock, rules)
}
async function upkeep(held: AgedStore): Promise<void> {
  for (let pass = 0; pass < DAYS; pass++) await held.store.maintenance.pass()
}
const archives = (under = DATA) => disk.files().filter(path => path.startsWith(under) && path.endsWith('.zst'))
const backup = (to = BACKUP) => backupStore(DATA, to, { disk, proofMs: 0 })

test('the oldest archives go, one with each pass, none younger than was said, and what is left is read', async () => {
  const before = archives().length
  const held = await open()
  await held.store.maintenance.pass()
  expect(held.told.cleanedUp).toEqual([expect.stringMatching(/^seg-0{15}1-/)])
  await upkeep(held)
  const removed = held.told.cleanedUp.length
  expect(removed).toBeGreaterThan(1)
  expect(archives()).toHaveLength(before - removed)
  expect(archives().length).toBeGreaterThan(0)
  expect(held.store.status().first).toBe(removed * EVENTS_A_DAY + 1)
  expect(await held.events()).toEqual(events.slice(removed * EVENTS_A_DAY))
  await held.store.close()
})

test('it ends when there is room again', async () => {
  const held = await open()
  await held.store.maintenance.pass()
  free = 0.2
  await upkeep(held)
  expect(held.told.cleanedUp).toHaveLength(1)
  await held.store.close()
})

describe('nothing goes', () => {
  const nothing = async (options: object = {}) => {
    const held = await open(options)
    await upkeep(held)
    expect(held.told.cleanedUp).toEqual([])
    expect(await held.events()).toEqual(events)
    await held.store.close()
  }

  test('while it is not asked for', () => nothing({ cleanUpDays: 0 }))
  test('without a backup', () => nothing({ restoreFrom: '' }))
  test('while there is room', () => {
    free = 0.11
    return nothing()
  })
  test('that a snapshot protects', () => nothing({ protectedUpTo: () => 1 }))
  test('that a backup has not yet, or not any more as it was', async () => {
    const [oldest = ''] = archives(`${BACKUP}/`)
    disk.flip(oldest, 100)
    await nothing()
    await disk.unlink(oldest)
    await nothing()
  })
})

describe('a backup', () => {
  test('keeps what the store gave up, and a restore brings all of it back', async () => {
    const held = await open()
    await upkeep(held)
    await held.store.close()
    const before = archives(`${BACKUP}/`)
    for (let time = 0; time < 2; time++) {
      const { manifest } = await backup()
      expect(manifest.first).toBe(1)
      expect(archives(`${BACKUP}/`)).toEqual(before)
    }
    const { restored, verified } = await restoreStore(BACKUP, '/restored', { disk, verify: true })
    expect([restored, verified?.clean, verified?.first]).toEqual([true, true, 1])
    const again = await AgedStore.open(disk, '/restored', clock, { archiveAfterDays: 0 })
    expect(await again.events()).toEqual(events)
    await again.store.close()
  })

  test('in another directory is of what is left', async () => {
    const held = await open()
    await upkeep(held)
    const { first } = held.store.status()
    await held.store.close()
    expect((await backup('/another')).manifest.first).toBe(first)
    expect((await restoreStore('/another', '/restored', { disk, verify: true })).verified?.clean).toBe(true)
  })

  test('of which a part is gone is refused, and stays as it is', async () => {
    const held = await open()
    await upkeep(held)
    await held.store.close()
    const [oldest = ''] = archives(`${BACKUP}/`)
    await disk.unlink(oldest)
    const before = disk.files()
    await expect(backup()).rejects.toMatchObject({ message: expect.stringContaining('only a part of them') })
    expect(disk.files().filter(path => path.startsWith(BACKUP))).toEqual(before.filter(path => path.startsWith(BACKUP)))
  })
})
