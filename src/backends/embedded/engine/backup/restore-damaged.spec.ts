// A running store puts its damaged segments back by itself, while the rest is read.
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { AgedStore, EVENTS_A_DAY } from '../../../../../test/support/aged-store.js'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { ManualClock } from '../../../../../test/support/manual-clock.js'
import { backupStore } from '../../backup-store.js'
import { verifyStore } from '../../verify-store.js'

const DATA = '/data'
const BACKUP = '/backup'
const RECORD = 4096 + 76 + 36
const clock = new ManualClock()
let sound: FakeDisk
let events: string[]
let disk: FakeDisk

beforeAll(async () => {
  sound = new FakeDisk({ directories: ['/'] })
  const aged = await AgedStore.open(sound, DATA, clock)
  for (let day = 0; day < 12; day++) await aged.day()
  while (await aged.store.maintenance.pass());
  events = await aged.events()
  await backupStore(DATA, BACKUP, { disk: sound, proofMs: 0 })
  await aged.store.close()
})

beforeEach(() => {
  disk = sound.clone()
})

const open = (options: object = {}) =>
  AgedStore.open(disk, DATA, clock, { archiveAfterDays: 0, restoreFrom: BACKUP, ...options })
const file = (ending: string, at: number) =>
  disk.files().filter(path => path.startsWith(DATA) && path.endsWith(ending))[at] as string
const firstOf = (path: string) => Number(/seg-(\d{16})/.exec(path)?.[1])
/** In the bytes of an event, or so that an archive cannot be unpacked. */
const rot = (path: string) => disk.flip(path, path.endsWith('.zst') ? 0 : RECORD + 20)
const append = (held: AgedStore) =>
  held.store.append({ events: [{ type: 'after', stream: 'after', data: {} }], author: { agentId: 'a' } })

async function upkeep(held: AgedStore): Promise<void> {
  while (await held.store.maintenance.pass());
}

async function expectHealed(held: AgedStore, path: string): Promise<void> {
  expect(held.store.status()).toMatchObject({ write: { writable: true }, damaged: [] })
  expect(disk.files()).not.toContain(`${DATA}/DAMAGE`)
  expect(held.told.restored).toEqual([path.split('/').at(-1)])
  expect(await held.events()).toEqual(events)
  const { position } = (await append(held)).events[0] as { position: number }
  expect(position).toBe(events.length + 1)
  await held.store.close()
  expect((await verifyStore(DATA, { disk })).clean).toBe(true)
}

test.each([
  ['a plain segment', '.log'],
  ['an archive', '.zst'],
])('%s that a read finds damaged is put back, and appends are taken again', async (_what, ending) => {
  const path = file(ending, 0)
  const held = await open()
  rot(path)
  const position = firstOf(path)
  await held.events().catch(() => undefined)
  expect(held.store.status().write).toMatchObject({ writable: false, reason: 'corrupt' })
  await expect(held.store.find(position)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
  expect(await held.store.find(events.length)).toBeDefined()
  await upkeep(held)
  expect(await held.store.find(position)).toMatchObject({ position })
  await expectHealed(held, path)
})

test('one that the scrub finds is put back', async () => {
  const path = file('.log', 1)
  rot(path)
  const held = await open({ scrubBytesPerSecond: 1e12 })
  await upkeep(held)
  await expectHealed(held, path)
})

test('a segment that is gone, and whose copy is too, is left to its operator', async () => {
  const path = file('.log', 0)
  await disk.unlink(path)
  for (const copy of disk.files().filter(name => name.startsWith(BACKUP) && firstOf(name) === firstOf(path)))
    await disk.unlink(copy)
  const held = await open()
  await upkeep(held)
  expect(held.store.status().write).toMatchObject({ writable: false, reason: 'corrupt' })
  await expect(held.store.find(firstOf(path))).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
  expect(held.told.restored).not.toContain(path.split('/').at(-1))
  await held.store.close()
})

describe('a start puts back', () => {
  const expectWholeAtOnce = async (count: number) => {
    const held = await open()
    expect(held.told.restored).toHaveLength(count)
    expect(held.store.status()).toMatchObject({ write: { writable: true }, damaged: [] })
    expect(await held.events()).toEqual(events)
    await append(held)
    await held.store.close()
    expect((await verifyStore(DATA, { disk })).clean).toBe(true)
  }

  test('what it finds damaged', async () => {
    disk.flip(file('.log', 0), 20)
    await expectWholeAtOnce(1)
  })

  test('what an earlier process wrote down', async () => {
    rot(file('.log', 0))
    const held = await open({ restoreFrom: '' })
    await held.events().catch(() => undefined)
    await held.store.close()
    expect(disk.files()).toContain(`${DATA}/DAMAGE`)
    await expectWholeAtOnce(1)
  })

  test('a segment once, however many of its events were damaged', async () => {
    const path = file('.log', 0)
    disk.flip(path, RECORD + 20)
    disk.flip(path, disk.bytes(path).length - 300)
    const held = await open({ restoreFrom: '' })
    for await (const _ of held.store.read({ onDamaged: () => undefined }));
    expect(held.store.status().damaged.length).toBeGreaterThan(1)
    await held.store.close()
    await expectWholeAtOnce(1)
  })

  test('segments that are gone, side by side and apart', async () => {
    const gone = [file('.zst', 1), file('.zst', 2), file('.log', 1)]
    for (const path of gone) await disk.unlink(path)
    await expectWholeAtOnce(3)
  })

  test('as much as the backup has, and leaves the rest as it is', async () => {
    const [one, other] = [file('.log', 0), file('.log', 1)]
    for (const path of [one, other]) disk.flip(path, 20)
    const copy = disk.files().find(path => path.startsWith(BACKUP) && path.includes(`/seg-${one.slice(-29, -13)}`))
    await disk.unlink(copy as string)
    const held = await open()
    expect(held.told.restored).toEqual([other.split('/').at(-1)])
    expect(held.told.noticed.join()).toContain('could not be put back')
    expect(held.store.status().write).toMatchObject({ writable: false, reason: 'corrupt' })
    expect(await held.store.find(firstOf(other))).toBeDefined()
    await held.store.close()
  })
})

test('of two damaged ones the store goes on when both are back', async () => {
  const [one, other] = [file('.log', 0), file('.zst', 1)]
  const held = await open()
  rot(one)
  rot(other)
  for (const path of [one, other]) await held.store.find(firstOf(path)).catch(() => undefined)
  for (const path of [one, other]) await held.store.find(firstOf(path) + EVENTS_A_DAY - 1).catch(() => undefined)
  await held.store.maintenance.pass()
  expect(held.told.restored).toHaveLength(1)
  expect(held.store.status().write).toMatchObject({ writable: false })
  await upkeep(held)
  expect(held.told.restored).toHaveLength(2)
  expect(held.store.status()).toMatchObject({ write: { writable: true }, damaged: [] })
  await held.store.close()
})

test('what the backup does not hold stays as it is, is told once, and is not tried with every pass', async () => {
  const held = await open({ restoreFrom: '/no/backup' })
  rot(file('.log', 0))
  await held.events().catch(() => undefined)
  for (let pass = 0; pass < 3; pass++) await held.store.maintenance.pass()
  expect(held.told.noticed.filter(note => note.includes('holds no complete backup'))).toHaveLength(1)
  expect(held.store.status().write).toMatchObject({ writable: false, reason: 'corrupt' })
  await held.store.close()
})

test('a store whose disk failed meanwhile does not take appends because a segment is back', async () => {
  const held = await open()
  rot(file('.log', 0))
  await held.events().catch(() => undefined)
  disk.arm({ failAt: 1, only: (kind, path) => kind === 'syncDirectory' && path === `${DATA}/segments` })
  await upkeep(held)
  expect(held.store.status().write).toMatchObject({ writable: false })
  await expect(append(held)).rejects.toThrow()
  await held.store.close()
})
