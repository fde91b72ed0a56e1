// What a store does for itself: the scrub finds what rots, the rate holds, and closing stops it where it stands.
import { describe, expect, test } from '@jest/globals'
import { AgedStore, agedDisk, EVENTS_A_DAY } from '../../../test/support/aged-store.js'
import type { FakeDisk } from '../../../test/support/fake-disk.js'
import { HeldDisk } from '../../../test/support/held-disk.js'
import { Pressure } from '../../contract/pressure.js'
import type { Disk, DiskFile, OpenOptions } from './engine/disk/disk.js'
import { DiskWrapper } from './engine/disk/disk-wrapper.js'
import { Stopped, Throttle } from './engine/disk/throttle.js'

const DAYS = 10
const aged = await agedDisk(DAYS)
const FAST = { scrubBytesPerSecond: 1e12 }
/** Where the first record of a segment begins. */
const RECORD = 4096 + 76 + 36

const open = (disk: Disk, options: object = FAST) => AgedStore.open(disk, '/data', aged.clock, options)
const filesOf = (disk: FakeDisk, ending: string) => disk.files().filter(path => path.endsWith(ending))

/** Gives one byte of a file wrongly, once, and of more than a few bytes. */
class DiskThatSlips extends DiskWrapper {
  slipsIn: ((path: string) => boolean) | undefined

  constructor(override readonly disk: FakeDisk) {
    super(disk)
  }

  override async open(path: string, options: OpenOptions): Promise<DiskFile> {
    return this.slipping(await super.open(path, options))
  }

  override openSync(path: string): DiskFile {
    return this.slipping(super.openSync(path))
  }

  private slipping(file: DiskFile): DiskFile {
    const slip = (into: Uint8Array, count: number) => {
      if (count < 100 || this.slipsIn?.(file.path) !== true) return count
      this.slipsIn = undefined
      into[count - 1] = (into[count - 1] as number) ^ 1
      return count
    }
    return Object.assign(Object.create(file), {
      path: file.path,
      read: async (into: Uint8Array, at: number) => slip(into, await file.read(into, at)),
      readSync: (into: Uint8Array, at: number) => slip(into, file.readSync(into, at)),
    }) as DiskFile
  }
}

/** Until the figures of a whole pass are in. */
async function scrubAll(held: AgedStore): Promise<{ bytes: number; damaged: number }> {
  const before = held.told.scrubbed.length
  for (let pass = 0; pass < 3 * DAYS && held.told.scrubbed.length === before; pass++)
    await held.store.maintenance.pass()
  return held.told.scrubbed.at(-1) as { bytes: number; damaged: number }
}

describe('while the service is in trouble', () => {
  test('nothing is archived or scrubbed, and then it goes on', async () => {
    const pressure = new Pressure()
    const held = await open(aged.disk.clone(), { ...FAST, archiveAfterDays: 5, pressure })
    await held.store.maintenance.pass()
    expect(held.told.archived).toHaveLength(1)
    pressure.tell({ isEmergency: true })
    for (let pass = 0; pass < 3 * DAYS; pass++) expect(await held.store.maintenance.pass()).toBe(false)
    expect(held.told.archived).toHaveLength(1)
    expect(held.told.scrubbed).toEqual([])
    pressure.tell({ isEmergency: false })
    expect((await scrubAll(held)).damaged).toBe(0)
    expect(held.told.archived.length).toBeGreaterThan(1)
    await held.store.close()
  })
})

describe('scrub', () => {
  test('a sound store: everything read, nothing found, and the time of it kept', async () => {
    const disk = aged.disk.clone()
    const held = await open(disk)
    expect(held.store.status().details).toMatchObject({ lastScrub: null, lastGoodScrub: null })
    const { bytes, damaged } = await scrubAll(held)
    expect(damaged).toBe(0)
    expect(bytes).toBeGreaterThan(DAYS * EVENTS_A_DAY * 200)
    const { lastScrub, lastGoodScrub } = held.store.status().details
    expect(lastScrub).toBe(new Date(Number(aged.clock.now() / 1_000_000n)).toISOString())
    expect(lastGoodScrub).toBe(lastScrub)
    expect(held.told).toMatchObject({ damaged: [], noticed: [] })
    await held.store.close()
  })

  test('leaves no descriptor behind of the files it has read', async () => {
    const held = await open(aged.disk.clone(), { ...FAST, archiveAfterDays: 0 })
    const before = Number(held.store.status().details['openFiles'])
    await scrubAll(held)
    expect(Number(held.store.status().details['openFiles'])).toBeLessThanOrEqual(before)
    await held.store.close()
  })

  test('a byte that rots while the store runs is named by its position, and the rest is served', async () => {
    const disk = aged.disk.clone()
    const held = await open(disk, { ...FAST, archiveAfterDays: 0 })
    disk.flip(filesOf(disk, '.log')[2] as string, RECORD + 20)
    expect((await scrubAll(held)).damaged).toBe(1)
    const position = 2 * EVENTS_A_DAY + 1
    expect(held.store.status().damaged).toMatchObject([{ from: position, to: position }])
    expect(held.store.status().details).toMatchObject({ lastScrub: expect.any(String), lastGoodScrub: null })
    expect(await held.store.find(position + 1)).toBeDefined()
    await held.store.close()
  })

  test('a byte that rots in an archive is found by its file hash, though its events are in memory', async () => {
    const disk = aged.disk.clone()
    const first = await open(disk, {})
    while (await first.store.maintenance.pass());
    expect(await first.events()).toEqual(aged.events)
    const [archive = ''] = filesOf(disk, '.zst')
    await first.store.close()
    const held = await open(disk)
    await held.events()
    disk.flip(archive, 300)
    expect((await scrubAll(held)).damaged).toBeGreaterThan(0)
    expect(held.store.status().damaged.every(({ where }) => where.startsWith(archive))).toBe(true)
    await held.store.close()
  })

  test.each([
    ['the footer', (length: number) => length - 10],
    ['the header, which no frame is proven by', () => 100],
  ])('a byte that rots in %s makes the whole file damaged', async (_, where) => {
    const disk = aged.disk.clone()
    const held = await open(disk, { ...FAST, archiveAfterDays: 0 })
    const path = filesOf(disk, '.log')[2] as string
    disk.flip(path, where(disk.bytes(path).length))
    expect((await scrubAll(held)).damaged).toBe(1)
    // No event is known to be lost.
    const from = 2 * EVENTS_A_DAY + 1
    expect(held.store.status().damaged).toMatchObject([{ from, to: from - 1, where: path }])
    await held.store.close()
  })

  test('without its index on disk a file is held against its whole hash', async () => {
    const disk = aged.disk.clone()
    for (const index of filesOf(disk, '.idx')) await disk.unlink(index)
    disk.arm({ failFrom: 1, code: 'ENOSPC', only: (kind, path) => kind === 'write' && path.includes('.idx') })
    const held = await open(disk, { ...FAST, archiveAfterDays: 0 })
    disk.flip(filesOf(disk, '.log')[2] as string, 100)
    expect((await scrubAll(held)).damaged).toBe(1)
    await held.store.close()
  })

  test('a disk that gives wrong bytes once has damaged nothing', async () => {
    const disk = new DiskThatSlips(aged.disk.clone())
    const held = await open(disk, { ...FAST, archiveAfterDays: 0 })
    const path = filesOf(disk.disk, '.log')[2]
    disk.slipsIn = read => read === path
    expect(await scrubAll(held)).toMatchObject({ damaged: 0 })
    expect(disk.slipsIn).toBeUndefined()
    expect(held.told.damaged).toEqual([])
    expect(held.told.noticed).toContainEqual(expect.stringContaining('what seemed damaged is sound'))
    expect(await held.events()).toEqual(aged.events)
    await held.store.close()
  })

  test('an archive that is not read back as it was written is no archive, and the next attempt is', async () => {
    const disk = new DiskThatSlips(aged.disk.clone())
    const held = await open(disk, { archiveAfterDays: 1 })
    disk.slipsIn = path => path.includes('/archive/')
    await held.store.maintenance.pass()
    expect(held.told).toMatchObject({ archived: [], damaged: [] })
    expect(held.told.noticed).toContainEqual(expect.stringContaining('was not read back as written'))
    while (await held.store.maintenance.pass());
    expect(held.told.archived.length).toBeGreaterThan(1)
    expect(await held.events()).toEqual(aged.events)
    await held.store.close()
  })

  test('a segment whose header has rotted is not archived, and is damaged', async () => {
    const disk = aged.disk.clone()
    const held = await open(disk, { archiveAfterDays: 1 })
    const path = filesOf(disk, '.log')[0] as string
    disk.flip(path, 100)
    while (await held.store.maintenance.pass());
    expect(held.store.status().damaged).toMatchObject([{ from: 1, to: 0, where: path }])
    expect(disk.files()).toContain(path)
    await held.store.close()
  })

  test('a damaged index does not pass for a damaged log', async () => {
    const disk = aged.disk.clone()
    const held = await open(disk)
    const [index = ''] = filesOf(disk, '.idx')
    for (let at = 4096; at < disk.bytes(index).length; at += 4096) disk.flip(index, at + 1)
    expect(await scrubAll(held)).toMatchObject({ damaged: 0 })
    expect(held.told.damaged).toEqual([])
    await held.store.close()
  })

  test('a file that cannot be read is reported, and the pass goes on', async () => {
    const disk = aged.disk.clone()
    const held = await open(disk, { ...FAST, archiveAfterDays: 0 })
    const file = filesOf(disk, '.log')[1] as string
    disk.arm({ failFrom: 1, only: (kind, path) => kind === 'read' && path === file })
    expect(await scrubAll(held)).toMatchObject({ damaged: 1 })
    expect(held.told.noticed).toContainEqual(expect.stringContaining('cannot be read (EIO)'))
    expect(held.store.status()).toMatchObject({ damaged: [], write: { writable: true } })
    disk.heal()
    await held.store.close()
  })

  test.each(['EMFILE', 'EACCES', 'EPERM'])('%s says nothing of the bytes: noticed, and tried again', async code => {
    const disk = aged.disk.clone()
    const held = await open(disk, { ...FAST, archiveAfterDays: 0, openFiles: 1 })
    const file = filesOf(disk, '.log')[1] as string
    disk.arm({ failFrom: 1, code, only: (kind, path) => kind.startsWith('open') && path === file })
    for (let pass = 0; pass < DAYS; pass++) await held.store.maintenance.pass()
    expect(disk.faultsDelivered).toBeGreaterThan(0)
    expect(held.told.noticed).toContainEqual(expect.stringContaining('scrubbing failed'))
    expect(held.store.status().damaged).toEqual([])
    disk.heal()
    expect(await scrubAll(held)).toMatchObject({ damaged: 0 })
    await held.store.close()
  })
})

test('closing the store stops a scrub that would take a year', async () => {
  const held = await open(aged.disk.clone(), { scrubBytesPerSecond: 1, archiveAfterDays: 0 })
  const pass = held.store.maintenance.pass()
  await held.store.close()
  expect(await pass).toBe(false)
  expect(held.told.scrubbed).toEqual([])
})

test('the throttle gives way while others are busy, but never for good', async () => {
  let asked = 0
  const briefly = new Throttle(1e12, () => ++asked <= 3)
  await briefly.spend(1)
  expect(asked).toBe(4)
  const always = new Throttle(1e12, () => true)
  const started = performance.now()
  await always.spend(1)
  expect(performance.now() - started).toBeGreaterThanOrEqual(950)
  const given = always.spend(1)
  always.stop()
  await expect(given).rejects.toBeInstanceOf(Stopped)
})

test('a scrub gives way to appends that wait', async () => {
  const disk = new HeldDisk(aged.disk.clone())
  const { store } = await AgedStore.open(disk, '/data', aged.clock, { ...FAST, archiveAfterDays: 0 })
  const order: string[] = []
  const append = async () => {
    await store.append({ events: [{ type: 'told', stream: 'late', data: {} }], author: { agentId: 'a1' } })
    order.push('append')
  }
  disk.hold()
  const first = append()
  await disk.arrived()
  const second = append()
  const pass = store.maintenance.pass().then(() => order.push('scrub'))
  // Far more turns than a segment of this size takes to read.
  for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate)
  disk.release()
  await Promise.all([first, second, pass])
  expect(order).toEqual(['append', 'append', 'scrub'])
  await store.close()
})

test('the throttle holds its rate, and lets go when stopped', async () => {
  const throttle = new Throttle(1e6)
  const started = performance.now()
  for (let i = 0; i < 6; i++) await throttle.spend(10_000)
  expect(performance.now() - started).toBeGreaterThanOrEqual(45)
  const stuck = throttle.spend(1e12)
  throttle.stop()
  await expect(stuck).rejects.toBeInstanceOf(Stopped)
})
