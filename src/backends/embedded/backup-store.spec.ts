// A backup of a store that goes on, and the store that a restore makes of it.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { everything } from '../../../test/crash/tiny-store.js'
import { AgedStore, EVENTS_A_DAY } from '../../../test/support/aged-store.js'
import { FakeDisk } from '../../../test/support/fake-disk.js'
import { ManualClock } from '../../../test/support/manual-clock.js'
import { backupStore, restoreStore } from './backup-store.js'
import { openEmbedded } from './embedded-store.js'
import type { Disk, DiskLock, OpenOptions } from './engine/disk/disk.js'
import { readFact, writeFact } from './engine/disk/small-file.js'
import type { EmbeddedOptions } from './options.js'
import { repairStore, verifyStore } from './verify-store.js'

const DATA = '/data'
const BACKUP = '/backup'
/** The record of the first event of a segment begins at this byte. */
const RECORD = 4096 + 76 + 36

let disk: FakeDisk
let clock: ManualClock
let aged: AgedStore

beforeEach(async () => {
  disk = new FakeDisk({ directories: ['/'] })
  clock = new ManualClock()
  aged = await AgedStore.open(disk, DATA, clock, { retainArchivesDays: 20 })
  for (let day = 0; day < 4; day++) await aged.day()
})

afterEach(() => aged.abandon())

const backup = (of = DATA, to = BACKUP) => backupStore(of, to, { disk, proofMs: 0 })
const restore = (to: string, verify = true) => restoreStore(BACKUP, to, { disk, verify })

async function eventsIn(directory: string): Promise<string[]> {
  const store = await openEmbedded({ directory, nodeId: 'node-1', disk, clock, reserveBytes: 0, presizeBytes: 0 })
  expect(store.status().write).toEqual({ writable: true })
  const events = (await everything(store)).map(event => JSON.stringify(event))
  await store.close()
  return events
}

const copies = () => disk.files().filter(path => path.startsWith(`${BACKUP}/files/`))
const onlyCopy = (part: string): string => {
  const [path, ...more] = copies().filter(name => name.includes(part))
  expect(more).toEqual([])
  return path as string
}
const position = (day: number) => String((day - 1) * EVENTS_A_DAY + 1).padStart(16, '0')

async function days(count: number): Promise<void> {
  for (let day = 0; day < count; day++) await aged.day()
}

async function reopened(options: Partial<EmbeddedOptions>): Promise<void> {
  await aged.store.close()
  aged = await AgedStore.open(disk, DATA, clock, options)
}

async function archiveAll(): Promise<void> {
  while (await aged.store.maintenance.pass());
}

describe('a backup', () => {
  test('holds nothing of what the server keeps beside the store: no heap snapshot, no secret', async () => {
    disk.put(`${DATA}/.heap/2026-01-31T12-00-00.000Z.heapsnapshot`, new TextEncoder().encode('secret'))
    disk.put(`${DATA}/.lighthouse-development-secret`, new TextEncoder().encode('secret'))
    await backup()
    const held = disk.files().filter(path => path.startsWith(BACKUP))
    expect(held.filter(path => path.includes('heap') || path.includes('secret'))).toEqual([])
  })

  test('holds every event, in a store with the same chain and identity', async () => {
    const { manifest, copied, damaged } = await backup()
    expect([copied.files, damaged]).toEqual([4, []])
    expect(manifest.head.position).toBe(4 * EVENTS_A_DAY)
    const { restored, verified } = await restore('/restored')
    expect([restored, verified?.clean, verified?.head]).toEqual([true, true, 4 * EVENTS_A_DAY])
    const live = await verifyStore(DATA, { disk, live: true })
    expect([verified?.chain, manifest.head.chain]).toEqual([live.chain, live.chain])
    expect(await eventsIn('/restored')).toEqual(await aged.events())
    const again = await backupStore('/restored', '/of-the-restored', { disk, proofMs: 0 })
    expect(again.manifest.store).toBe(manifest.store)
  })

  test('a second one copies only what is new', async () => {
    await backup()
    await days(2)
    const { copied, kept, removed, manifest } = await backup()
    // The two days sealed since, the fourth, which was still being written, and the end of the log.
    expect([copied.files, kept, removed]).toEqual([3, 3, 1])
    expect(copies()).toHaveLength(manifest.files.length)
    await restore('/restored')
    expect(await eventsIn('/restored')).toEqual(await aged.events())
  })

  test('where nothing was appended since, one copies nothing', async () => {
    const first = await backup()
    expect(await backup()).toMatchObject({ copied: { files: 0 }, kept: first.copied.files, removed: 0 })
  })

  test('one that ended where a segment begins goes on there', async () => {
    await reopened({})
    await backup()
    await days(1)
    expect(await backup()).toMatchObject({ damaged: [] })
    await restore('/restored')
    expect(await eventsIn('/restored')).toHaveLength(5 * EVENTS_A_DAY)
  })

  test('what is archived meanwhile is copied as an archive, and what is retired goes', async () => {
    await backup()
    await days(10)
    await archiveAll()
    expect(aged.told.archived.length).toBeGreaterThan(0)
    const { manifest } = await backup()
    expect(manifest.files.filter(({ path }) => path.startsWith('archive/'))).toHaveLength(aged.told.archived.length)
    await days(20)
    await archiveAll()
    expect(aged.told.retired.length).toBeGreaterThan(0)
    const after = await backup()
    expect(after.manifest.first).toBe(aged.told.retired.length * EVENTS_A_DAY + 1)
    expect(copies()).toHaveLength(after.manifest.files.length)
    expect((await restore('/restored')).verified?.clean).toBe(true)
    expect(await eventsIn('/restored')).toEqual(await aged.events())
  })

  test('of a store that was stopped in good order has its last segment sealed, and is not copied again after the next start', async () => {
    await aged.store.close()
    aged = await AgedStore.open(disk, DATA, clock, { sealOnCloseBytes: 0 })
    await days(1)
    await aged.store.close()
    const { manifest } = await backup()
    expect(manifest.current.sealed).toBe(true)
    aged = await AgedStore.open(disk, DATA, clock)
    expect((await backup()).copied.files).toBe(1)
    await restore('/restored')
    expect(await eventsIn('/restored')).toEqual(await aged.events())
  })

  test('of a store that was never written to is one', async () => {
    const empty = await AgedStore.open(disk, '/new', clock)
    const { manifest } = await backup('/new', '/of-the-new')
    expect(manifest.head.position).toBe(0)
    await restoreStore('/of-the-new', '/restored', { disk, verify: true })
    expect(await eventsIn('/restored')).toEqual([])
    await empty.store.close()
  })

  test('of before there were lineages is restored, and so is a store of then', async () => {
    await aged.store.close()
    await disk.unlink(`${DATA}/LINEAGE`)
    await backup()
    const { lineage: made, ...before } = (await readFact(disk, `${BACKUP}/MANIFEST`)) as { lineage: { id: string } }
    await writeFact(disk, `${BACKUP}/MANIFEST`, before)
    await restore('/restored')
    expect(made.id).toMatch(/^[0-9a-f]{32}$/)
    expect(await readFact(disk, '/restored/LINEAGE')).toMatchObject({
      ancestors: [expect.objectContaining({ id: made.id })],
    })
    aged = await AgedStore.open(disk, DATA, clock, {})
  })

  test('leaves alone what is not its own', async () => {
    await backup()
    disk.put(`${BACKUP}/files/notes.txt`, Buffer.from('mine'))
    await days(1)
    await backup()
    expect(disk.files()).toContain(`${BACKUP}/files/notes.txt`)
  })

  test('does not wait for ever for a writer that is gone, and takes what the next start would', async () => {
    const settled = disk.afterCrash(1, 'kill')
    disk = settled
    await backup()
    await restore('/restored')
    const restored = await eventsIn('/restored')
    expect(restored).toHaveLength(4 * EVENTS_A_DAY)
    expect(await eventsIn(DATA)).toEqual(restored)
  })
})

describe('what happens while a backup is made', () => {
  /** Does something before the first file whose path ends so is opened by the backup, and only by it. */
  const when = (ending: string, happen: () => Promise<void>): Disk => {
    let pending = true
    const open: Disk['open'] = async (path, options) => {
      if (pending && path.endsWith(ending)) {
        pending = false
        await happen()
      }
      return disk.open(path, options)
    }
    return new Proxy(disk, {
      get: (target, name) => {
        if (name === 'open') return open
        const value = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
  const sound = async (through: Disk, directory = '/restored') => {
    const acknowledged = aged.store.head()
    const { manifest } = await backupStore(DATA, BACKUP, { disk: through, proofMs: 0 })
    expect(manifest.head.position).toBeGreaterThanOrEqual(acknowledged)
    expect(await restoreStore(BACKUP, directory, { disk, verify: true })).toMatchObject({ verified: { clean: true } })
    return manifest
  }

  test('a segment is archived before it is opened: its archive is copied', async () => {
    await days(10)
    const { files } = await sound(when(`${position(2)}-00000001.log`, archiveAll))
    expect(files.filter(({ path }) => path.startsWith('archive/')).length).toBeGreaterThan(0)
    expect(await eventsIn('/restored')).toEqual(await aged.events())
  })

  test('archives are retired: the copy has the new floor, and none of what is below it', async () => {
    await reopened({ retainArchivesDays: 0 })
    await days(30)
    await archiveAll()
    await reopened({ retainArchivesDays: 20 })
    const before = aged.told.retired.length
    const [path] = disk.files().filter(name => name.startsWith(`${DATA}/archive/`)) as [string]
    const { first, files } = await sound(when(path, archiveAll))
    expect(aged.told.retired.length).toBeGreaterThan(before)
    expect(first).toBe(JSON.parse((await aged.events())[0] as string).position)
    expect(
      files.every(({ path: name }) => name === 'FLOOR' || name >= `archive/seg-${String(first).padStart(16, '0')}`),
    ).toBe(true)
    expect(await eventsIn('/restored')).toEqual(await aged.events())
  })

  test('the floor is raised when all is copied but the floor itself', async () => {
    await days(30)
    while ((await aged.store.maintenance.pass()) && aged.told.retired.length < 1);
    let opened = 0
    const through = new Proxy(disk, {
      get: (target, name) => {
        const value = Reflect.get(target, name)
        if (name !== 'open') return typeof value === 'function' ? value.bind(target) : value
        return async (path: string, options: OpenOptions) => {
          if (path === `${DATA}/FLOOR` && ++opened === 4) await archiveAll()
          return disk.open(path, options)
        }
      },
    })
    const { first } = await sound(through)
    expect([opened > 4, first]).toEqual([true, aged.told.retired.length * EVENTS_A_DAY + 1])
    expect(await eventsIn('/restored')).toEqual(await aged.events())
  })

  test('the server is started anew: the segment being written has another name', async () => {
    const { manifest } = await backup()
    await sound(
      when(`${position(4)}-00000001.log`, async () => {
        await reopened({})
        await aged.day()
      }),
    )
    expect(aged.store.head()).toBeGreaterThan(manifest.head.position)
    expect(await eventsIn('/restored')).toEqual(await aged.events())
  })

  test('days go by: what was sealed meanwhile is in it', async () => {
    const { head } = await sound(when(`${position(1)}-00000001.log`, () => days(3)))
    expect(head.position).toBe(aged.store.head())
  })
})

describe('a copy', () => {
  test('that is damaged is named, and with --verify the restore is not finished', async () => {
    await backup()
    const damaged = onlyCopy(`seg-${position(2)}`)
    disk.flip(damaged, 5_000)
    const report = await restore('/restored')
    expect(report).toMatchObject({
      restored: false,
      damaged: [{ file: damaged, reason: expect.stringContaining('hash') }],
    })
    const store = await openEmbedded({ directory: '/restored', nodeId: 'n', disk, clock })
    expect(store.status().write).toMatchObject({ writable: false, reason: 'corrupt' })
    await store.close()
    disk.flip(damaged, 5_000)
    expect(await restore('/restored')).toMatchObject({
      restored: true,
      copied: { files: 2 },
      verified: { clean: true },
    })
  })

  test('that is damaged is restored as it is without --verify, and the store knows', async () => {
    await backup()
    disk.flip(onlyCopy(`seg-${position(2)}`), 5_000)
    expect(await restore('/restored', false)).toMatchObject({ restored: true, damaged: [{}] })
    expect(await verifyStore('/restored', { disk })).toMatchObject({ clean: false })
  })

  /** Of a backup with a damaged copy, of which nothing is finished. */
  async function interrupted(): Promise<string> {
    await backup()
    const damaged = onlyCopy(`seg-${position(2)}`)
    disk.flip(damaged, 5_000)
    expect(await restore('/restored')).toMatchObject({ restored: false })
    expect(await disk.list('/restored')).toContain('RESTORING')
    disk.flip(damaged, 5_000)
    return damaged
  }

  test.each([
    ['went on', async () => undefined],
    ['cannot be told from another', async () => disk.flip('/restored/RESTORING', 3)],
  ])('is restored anew where an unfinished restore is of a backup that %s', async (_, harm) => {
    await interrupted()
    await harm()
    await days(1)
    await backup()
    expect(await restore('/restored')).toMatchObject({ restored: true, verified: { clean: true } })
    expect(await eventsIn('/restored')).toHaveLength(5 * EVENTS_A_DAY)
  })

  test('is not restored over what a server has written into an unfinished restore, nor while one holds it', async () => {
    await interrupted()
    const { lock } = (await disk.lock('/restored/LOCK', 'somebody')) as { lock: DiskLock }
    await expect(restore('/restored')).rejects.toMatchObject({ code: 'LOCKED' })
    await lock.release()
    disk.put('/restored/segments/seg-0000000000000099-00000042.log', Buffer.alloc(4_096))
    await expect(restore('/restored')).rejects.toMatchObject({
      message: expect.stringContaining('a server has written to it since'),
    })
  })

  test('that is in place already needs no room when the restore is taken up again', async () => {
    await backup()
    const sizes = copies().map(path => disk.bytes(path).length)
    const whole = sizes.reduce((sum, bytes) => sum + bytes, 0)
    disk.flip(onlyCopy(`seg-${position(2)}`), 5_000)
    expect(await restore('/restored')).toMatchObject({ restored: false })
    disk.flip(onlyCopy(`seg-${position(2)}`), 5_000)
    const free = (bytes: number) =>
      new Proxy(disk, {
        get: (target, name) => {
          if (name === 'space') return async () => ({ totalBytes: whole, freeBytes: bytes, freeInodes: 99 })
          const value = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    const held = disk.files().filter(path => /^\/restored\/.*\.(log|zst)$/.test(path))
    const left = whole - held.reduce((sum, path) => sum + disk.bytes(path).length, 0)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThan(whole)
    const resume = (bytes: number) => restoreStore(BACKUP, '/restored', { disk: free(bytes), verify: true })
    await expect(resume(left - 1)).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect(await resume(left)).toMatchObject({ restored: true, verified: { clean: true } })
  })

  test.each([
    ['missing', (path: string) => disk.unlink(path)],
    ['cut off', async (path: string) => disk.cut(path, 4_500)],
  ])('that is %s is named before anything is written', async (_, damage) => {
    await backup()
    const damaged = onlyCopy(`seg-${position(3)}`)
    await damage(damaged)
    for (const verify of [true, false])
      expect(await restore('/restored', verify)).toMatchObject({ restored: false, damaged: [{ file: damaged }] })
    expect(await disk.list('/restored')).toEqual([])
    expect((await backup()).copied.files).toBe(1)
    expect((await restore('/restored')).restored).toBe(true)
  })
})

describe('a store that is damaged', () => {
  const segment = (day: number) =>
    disk.files().find(path => path.startsWith(`${DATA}/segments/seg-${position(day)}`) && path.endsWith('.log'))

  test('in a segment that is in the backup already: the backup keeps the sound copy', async () => {
    await backup()
    disk.flip(segment(2) as string, 5_000)
    await days(1)
    expect(await backup()).toMatchObject({ damaged: [] })
    expect((await restore('/restored')).verified?.clean).toBe(true)
  })

  test('in one that is not: it is copied as it is, and named', async () => {
    disk.flip(segment(2) as string, 5_000)
    expect(await backup()).toMatchObject({ damaged: [segment(2)] })
    expect(await restore('/restored')).toMatchObject({ restored: true, verified: { clean: false } })
  })

  test('by the loss of a segment: the backup that has it is not replaced by one without', async () => {
    await backup()
    await disk.unlink(segment(2) as string)
    await expect(backup()).rejects.toMatchObject({ code: 'DATA_CORRUPT', message: expect.stringContaining('missing') })
    expect((await restore('/restored')).verified?.clean).toBe(true)
  })

  test('by the loss of the segment written last: there is no first backup either, also when a server serves the rest', async () => {
    await aged.store.close()
    await disk.unlink(segment(4) as string)
    const refusal = { code: 'DATA_CORRUPT', message: expect.stringContaining('the segment written last is missing') }
    await expect(backup()).rejects.toMatchObject(refusal)
    aged = await AgedStore.open(disk, DATA, clock, {})
    await expect(backup()).rejects.toMatchObject(refusal)
  })

  test('in the segment that is being written: the last complete backup stays', async () => {
    await backup()
    disk.flip(segment(4) as string, 4_300)
    await expect(backup()).rejects.toMatchObject({
      code: 'DATA_CORRUPT',
      message: expect.stringContaining('byte 4096'),
    })
    expect((await restore('/restored')).verified?.clean).toBe(true)
  })
})

describe('refused', () => {
  test('the backup of another store', async () => {
    await backup()
    const other = await AgedStore.open(disk, '/other', clock)
    const refusal = { code: 'INVALID_REQUEST', message: expect.stringContaining('another store') }
    await expect(backup('/other')).rejects.toMatchObject(refusal)
    await other.store.close()
  })

  test('the backup of a store that went on from an earlier point', async () => {
    await backup()
    await restore('/restored')
    await days(1)
    await backup()
    const fork = await AgedStore.open(disk, '/restored', clock)
    await fork.day()
    const refusal = { code: 'INVALID_REQUEST', message: expect.stringContaining('is not the one') }
    await expect(backup('/restored')).rejects.toMatchObject(refusal)
    await fork.store.close()
  })

  test.each([
    ['a data directory', DATA],
    ['one that holds something else', '/photos'],
  ])('as a place for a backup: %s', async (_, place) => {
    disk.put('/photos/cat.jpg', Buffer.from('cat'))
    await expect(backup(DATA, place)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  test('a backup that this release does not read, or whose manifest names what is no copy', async () => {
    await backup()
    const manifest = (await readFact(disk, `${BACKUP}/MANIFEST`)) as { format: number; files: object[] }
    await writeFact(disk, `${BACKUP}/MANIFEST`, { ...manifest, format: 99 })
    await expect(backup()).rejects.toMatchObject({ message: expect.stringContaining('has format 99') })
    const strange = { path: '../elsewhere', bytes: 1, sha256: '' }
    await writeFact(disk, `${BACKUP}/MANIFEST`, { ...manifest, files: [...manifest.files, strange] })
    await expect(restore('/restored')).rejects.toMatchObject({ message: expect.stringContaining('../elsewhere') })
  })

  test('the backup of a later state of the store', async () => {
    await aged.store.close()
    const earlier = disk.clone()
    aged = await AgedStore.open(disk, DATA, clock, {})
    await days(3)
    await backup()
    for (const path of disk.files().filter(name => name.startsWith(`${BACKUP}/`))) earlier.put(path, disk.bytes(path))
    await expect(backupStore(DATA, BACKUP, { disk: earlier, proofMs: 0 })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })

  test('a store without a segment that can be read, and one for whose copy there is no room', async () => {
    await aged.store.close()
    const used = disk.files().reduce((sum, path) => sum + disk.bytes(path).length, 0)
    const small = new FakeDisk({ directories: ['/', DATA, `${DATA}/segments`], capacityBytes: used + 4_096 })
    for (const path of disk.files()) small.put(path, disk.bytes(path))
    await expect(backupStore(DATA, BACKUP, { disk: small, proofMs: 0 })).rejects.toMatchObject({ code: 'DISK_FULL' })
    for (const path of disk.files()) if (path.endsWith('.log')) disk.flip(path, 3)
    await expect(backup()).rejects.toMatchObject({ code: expect.stringMatching(/INVALID_REQUEST|DATA_CORRUPT/) })
    aged = await AgedStore.open(new FakeDisk({ directories: ['/'] }), DATA, clock)
  })

  test('a second backup at the same time', async () => {
    await backup()
    const held = await disk.lock(`${BACKUP}/BACKUP`, '{"pid":1}')
    await expect(backup()).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining('in use by process 1'),
    })
    if ('lock' in held) await held.lock.release()
  })

  test('a restore over anything, and of nothing', async () => {
    await expect(restore('/restored')).rejects.toMatchObject({ message: expect.stringContaining('no complete backup') })
    await backup()
    await expect(restore(DATA)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await restore('/restored')
    await expect(restore('/restored')).rejects.toMatchObject({ message: expect.stringContaining('not empty') })
  })

  test('a restore of a backup whose manifest is damaged', async () => {
    await backup()
    disk.flip(`${BACKUP}/MANIFEST`, 100)
    await expect(restore('/restored')).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
    await expect(backup()).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
  })

  test('what is no data directory', async () => {
    await expect(backup('/nowhere')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

describe('a damaged segment that was being written', () => {
  /** What can be read there; what is damaged is passed over. */
  async function wholeIn(directory: string): Promise<string[]> {
    const store = await openEmbedded({ directory, nodeId: 'node-1', disk, clock, reserveBytes: 0, presizeBytes: 0 })
    const events: string[] = []
    for await (const event of store.read({ onDamaged: () => undefined })) events.push(JSON.stringify(event))
    await store.close()
    return events
  }
  const tail = () =>
    disk
      .files()
      .filter(path => path.startsWith(DATA) && path.endsWith('.log'))
      .at(-1) as string

  test.each([
    ['in an event', RECORD + 20],
    ['in its header', 20],
  ])('%s is refused, and copied as it lies once an operator has accepted it', async (_, at) => {
    await backup()
    await aged.day()
    await aged.store.close()
    disk.flip(tail(), at)
    await expect(backup()).rejects.toMatchObject({
      code: 'DATA_CORRUPT',
      message: expect.stringContaining('nobody has accepted that'),
    })
    await repairStore(DATA, { disk, apply: true })
    const { manifest } = await backup()
    expect(manifest.files.filter(({ damaged }) => damaged === true)).toHaveLength(1)
    await restore('/restored', false)
    const events = await wholeIn('/restored')
    expect(events.length).toBeGreaterThanOrEqual(4 * EVENTS_A_DAY)
    expect(events).toEqual(await wholeIn(DATA))
  })
})
