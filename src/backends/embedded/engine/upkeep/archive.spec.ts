// Archiving under every failure: afterwards all events are there, each file is whole, and nothing is half done.
import { createHash } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { zstdDecompressSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { AgedStore, agedDisk, EVENTS_A_DAY, operationsOfOnePass } from '../../../../../test/support/aged-store.js'
import type { CrashMode, FakeDisk } from '../../../../../test/support/fake-disk.js'
import { DAY, ManualClock, YEAR } from '../../../../../test/support/manual-clock.js'
import { withTempDirectory } from '../../../../../test/support/temp-directory.js'
import type { LogSize } from '../../../../contract/event-store.js'
import { repairStore } from '../../verify-store.js'
import { FilePool } from '../disk/file-pool.js'
import { ARCHIVE_CHUNK_BYTES } from '../segment/archive-bytes.js'
import { fileSha256 } from './archive.js'

const DAYS = 10
const aged = await agedDisk(DAYS)

const open = (disk: FakeDisk, clock = aged.clock) => AgedStore.open(disk, '/data', clock)
const filesOf = (disk: FakeDisk, ending: string) => disk.files().filter(path => path.endsWith(ending))

test('the oldest segment goes to the archive, one with each pass, until the next is too young', async () => {
  const disk = aged.disk.clone()
  const before = new Map(filesOf(disk, '.log').map(path => [path, disk.bytes(path)]))
  const held = await open(disk)
  expect(await held.store.maintenance.pass()).toBe(true)
  expect(held.told.archived).toEqual([expect.stringMatching(/^seg-0{15}1-.*\.zst$/)])
  expect(held.store.status().details).toMatchObject({ archived: 1 })
  for (let pass = 0; pass < DAYS; pass++) await held.store.maintenance.pass()
  // Sealed ten days ago at the earliest, the last a day ago: those of seven days and more.
  expect(held.told.archived).toHaveLength(3)
  expect(held.told.noticed).toEqual([])
  expect(await held.events()).toEqual(aged.events)
  for (const name of held.told.archived) {
    const plain = [...before].find(([path]) => path.includes(name.slice(0, 29)))
    expect(zstdDecompressSync(disk.bytes(`/data/archive/${name}`)).equals(plain?.[1] as Uint8Array)).toBe(true)
    expect(disk.files()).not.toContain(plain?.[0])
  }
  await held.store.close()
  const again = await open(disk)
  expect(await again.events()).toEqual(aged.events)
  expect(again.store.status()).toMatchObject({ write: { writable: true }, damaged: [] })
  await again.store.close()
})

test('what is counted of an archived segment is the bytes of its archive, after a restart too', async () => {
  const disk = aged.disk.clone()
  const held = await open(disk)
  const { bytes, diskBytes } = held.store.status().size as LogSize
  expect(diskBytes).toBe(bytes)
  const plain = new Map(filesOf(disk, '.log').map(path => [path, disk.bytes(path).length]))
  await held.store.maintenance.pass()
  const [gone] = [...plain].filter(([path]) => !disk.files().includes(path))
  const [archive] = filesOf(disk, '.zst')
  const saved = (gone?.[1] as number) - disk.bytes(archive as string).length
  expect(saved).toBeGreaterThan(0)
  expect(held.store.status().size).toEqual({ bytes, diskBytes: diskBytes - saved })
  await held.store.close()
  const again = await open(disk)
  const after = again.store.status().size as LogSize
  expect(after.bytes - after.diskBytes).toBe(saved)
  await again.store.close()
})

test('every query that an archived segment answers stays the same', async () => {
  const disk = aged.disk.clone()
  const held = await open(disk)
  const ask = async () => {
    const found: unknown[] = [await held.store.stream('stream-1'), await held.store.find(2)]
    for (const request of [{ filter: { streams: ['stream-1'] } }, { order: 'desc', limit: 60 }] as const) {
      for await (const event of held.store.read(request)) found.push(event.id)
    }
    return JSON.stringify(found)
  }
  const before = await ask()
  for (let pass = 0; pass < 3; pass++) await held.store.maintenance.pass()
  expect(held.told.archived).toHaveLength(3)
  expect(await ask()).toBe(before)
  await held.store.close()
})

test('a reader in the middle of a segment goes on while it is archived', async () => {
  const held = await open(aged.disk.clone())
  const read: string[] = []
  for await (const event of held.store.read({})) {
    read.push(JSON.stringify(event))
    if (read.length % EVENTS_A_DAY === 3) await held.store.maintenance.pass()
  }
  expect(held.told.archived).toHaveLength(3)
  expect(read).toEqual(aged.events)
  await held.store.close()
})

test('a clock that jumps ahead archives nothing, and a new segment under it counts for one day', async () => {
  const young = await agedDisk(5)
  const held = await open(young.disk, young.clock)
  young.clock.move(10n * YEAR)
  for (let pass = 0; pass < 3; pass++) await held.store.maintenance.pass()
  expect(held.told.archived).toEqual([])
  await held.day()
  await held.store.maintenance.pass()
  expect(held.told.archived).toEqual([])
  await held.day()
  await held.day()
  for (let pass = 0; pass < 9; pass++) await held.store.maintenance.pass()
  expect(held.told.archived).toHaveLength(1)
  await held.store.close()
})

test('jumps of the clock make nothing older while the process lives, though each is written down', async () => {
  const young = await agedDisk(5)
  const held = await open(young.disk, young.clock)
  const events = [{ type: 'jump.logged', stream: 'jumps', data: {} }]
  for (let jump = 0; jump < 5; jump++) {
    young.clock.move(YEAR)
    await held.store.append({ events, author: { agentId: 'agent-1' } })
  }
  for (let pass = 0; pass < 9; pass++) await held.store.maintenance.pass()
  expect(held.told.archived).toEqual([])
  await held.store.close()
})

test('a clock that runs back ten years archives nothing early and does not hold up what is old for ever', async () => {
  const young = await agedDisk(2)
  const held = await open(young.disk, young.clock)
  young.clock.move(10n * YEAR)
  await held.day()
  young.clock.move(-10n * YEAR)
  for (let day = 0; day < 6; day++) await held.day()
  for (let pass = 0; pass < 9; pass++) await held.store.maintenance.pass()
  const before = held.told.archived.length
  for (let day = 0; day < 7; day++) await held.day()
  for (let pass = 0; pass < 20; pass++) await held.store.maintenance.pass()
  expect(before).toBeLessThanOrEqual(2)
  expect(held.told.archived.length).toBeGreaterThanOrEqual(8)
  await held.store.close()
})

test('a damaged plain file is never archived: the damage is named, and once it is accepted the next segment takes its turn', async () => {
  const disk = aged.disk.clone()
  const [oldest = ''] = filesOf(disk, '.log')
  disk.flip(oldest, 4096 + 76 + 36 + 40)
  let held = await open(disk)
  await held.store.maintenance.pass()
  expect(held.told.damaged).toEqual(['1-1 an event does not have the hash it was stored with'])
  await held.store.maintenance.pass()
  expect(held.told.archived).toEqual([])
  await held.store.close()
  await repairStore('/data', { disk, apply: true })
  held = await open(disk)
  for (let pass = 0; pass < 2; pass++) await held.store.maintenance.pass()
  expect(held.told.archived).toEqual([expect.stringMatching(/^seg-0{15}8-/)])
  expect(filesOf(disk, '.log')).toContain(oldest)
  expect(disk.files().filter(path => path.endsWith('.tmp'))).toEqual([])
  await held.store.close()
})

test('a disk without room is not filled by an archive', async () => {
  const held = await open(aged.disk.clone())
  const log = (held.store as unknown as { log: { context: { files: { disk: { space(): Promise<unknown> } } } } }).log
  log.context.files.disk.space = async () => ({ totalBytes: 1e9, freeBytes: 4096, freeInodes: 100 })
  await held.store.maintenance.pass()
  expect(held.told.noticed).toEqual([expect.stringContaining('no room to archive')])
  expect(held.told.archived).toEqual([])
  await held.store.close()
})

/** Opens what is left and holds it to everything that was promised; then archives once more. */
async function expectWhole(disk: FakeDisk): Promise<void> {
  const left = await open(disk)
  expect(left.store.status()).toMatchObject({ write: { writable: true }, damaged: [] })
  expect(await left.events()).toEqual(aged.events)
  expect(disk.files().filter(path => path.endsWith('.tmp'))).toEqual([])
  for (let pass = 0; pass < 4; pass++) await left.store.maintenance.pass()
  expect(left.told.noticed).toEqual([])
  expect(await left.events()).toEqual(aged.events)
  expect(filesOf(disk, '.zst')).toHaveLength(3)
  expect(filesOf(disk, '.log').some(path => path.includes('seg-0000000000000001-'))).toBe(false)
  await left.store.close()
}

const measured = aged.disk.clone()
const operations = await operationsOfOnePass(measured, await open(measured))

test.each<CrashMode>(['lose-all', 'keep-all', 'random'])('the power may go at any operation (%s)', async mode => {
  let deaths = 0
  for (let at = 1; at <= operations; at++) {
    const disk = aged.disk.clone()
    const held = await open(disk)
    disk.arm({ dieAt: at })
    await held.store.maintenance.pass().catch(() => undefined)
    held.abandon()
    deaths += disk.powered ? 0 : 1
    await expectWhole(disk.afterCrash(at, mode))
  }
  expect(deaths).toBe(operations)
})

test.each(['EIO', 'ENOSPC', 'short', 'EMFILE'])('any operation may fail (%s)', async code => {
  let faults = 0
  for (let at = 1; at <= operations; at++) {
    const disk = aged.disk.clone()
    const held = await open(disk)
    disk.arm({ failAt: at, code })
    await held.store.maintenance.pass()
    disk.heal()
    faults += disk.faultsDelivered
    expect(await held.events()).toEqual(aged.events)
    await held.store.close().catch(() => undefined)
    await expectWhole(disk.afterCrash(at, 'lose-all'))
  }
  expect(faults).toBeGreaterThan(0)
})

test('an archive beside its plain file is proved and used, a bad one is made anew', async () => {
  const disk = aged.disk.clone()
  const [plain = ''] = filesOf(disk, '.log')
  const bytes = disk.bytes(plain)
  const held = await open(disk)
  await held.store.maintenance.pass()
  await held.store.close()
  const [archive = ''] = filesOf(disk, '.zst')
  disk.put(plain, bytes)
  const good = disk.clone()
  const resumed = await open(good)
  await resumed.store.maintenance.pass()
  expect(resumed.told.noticed).toEqual([])
  expect(good.files()).toContain(archive)
  expect(good.files()).not.toContain(plain)
  await resumed.store.close()
  disk.flip(archive, 100)
  const anew = await open(disk)
  await anew.store.maintenance.pass()
  expect(anew.told.noticed).toEqual([expect.stringContaining('made anew')])
  expect(await anew.events()).toEqual(aged.events)
  await anew.store.close()
})

test('a year that passes while nobody writes leaves the newest segments plain', async () => {
  const clock = aged.clock
  const held = await open(aged.disk.clone(), clock)
  clock.move(365n * DAY)
  for (let pass = 0; pass < 12; pass++) await held.store.maintenance.pass()
  clock.move(-365n * DAY)
  expect(held.told.archived.length).toBeLessThan(DAYS)
  await held.store.close()
})

test('a segment of several megabytes on a real disk: packed in chunks, read at random, the loop never held for long', async () => {
  await withTempDirectory(async directory => {
    const clock = new ManualClock()
    const held = await AgedStore.open(undefined, directory, clock, { allowUnsafeFilesystem: true })
    for (let day = 0; day < DAYS; day++) await held.day(day === 0 ? 480_000 : 120)
    const before = await held.events()
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    await held.store.maintenance.pass()
    delay.disable()
    expect(delay.max / 1e6).toBeLessThan(250)
    expect(held.told.archived).toHaveLength(1)
    expect(await held.events()).toEqual(before)
    for (const position of [7, 1, 4, 3])
      expect(JSON.stringify(await held.store.find(position))).toBe(before[position - 1])
    await held.store.close()
    const again = await AgedStore.open(undefined, directory, clock, { allowUnsafeFilesystem: true })
    expect(await again.events()).toEqual(before)
    await again.store.close()
  })
})

test('the hash of a file of several pieces is that of the whole, and whoever asks is told of each', async () => {
  const disk = aged.disk.clone()
  const bytes = Buffer.alloc(2 * ARCHIVE_CHUNK_BYTES + 100, 'an event ')
  disk.put('/data/large', bytes)
  const read: number[] = []
  const found = await fileSha256(new FilePool(disk, 1), '/data/large', async count => void read.push(count))
  expect(found).toBe(createHash('sha256').update(bytes).digest('hex'))
  expect(read).toEqual([ARCHIVE_CHUNK_BYTES, ARCHIVE_CHUNK_BYTES])
})
