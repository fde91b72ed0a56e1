// One damaged segment comes back out of a backup, if the chain proves it, and out of nothing else.
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { AgedStore, EVENTS_A_DAY } from '../../../../../test/support/aged-store.js'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { ManualClock } from '../../../../../test/support/manual-clock.js'
import { backupStore, restoreSegment, restoreStore } from '../../backup-store.js'
import { repairStore, verifyStore } from '../../verify-store.js'
import { sha256 } from '../format/frame.js'

const DATA = '/data'
const BACKUP = '/backup'
const DAYS = 12
const RECORD = 4096 + 76 + 36
const CHANGES = new Set(['sync', 'rename', 'unlink', 'syncDirectory'])
const clock = new ManualClock()
let aged: FakeDisk
let events: string[]
let disk: FakeDisk

beforeAll(async () => {
  aged = new FakeDisk({ directories: ['/'] })
  const store = await AgedStore.open(aged, DATA, clock)
  for (let day = 0; day < DAYS; day++) await store.day()
  while (await store.store.maintenance.pass());
  events = await store.events()
  await store.store.close()
  await backupStore(DATA, BACKUP, { disk: aged, proofMs: 0 })
})

beforeEach(() => {
  disk = aged.clone()
})

const files = (ending: string, under = DATA) =>
  disk.files().filter(path => path.startsWith(`${under}/`) && path.endsWith(ending))
const file = (ending: string, at: number, under = DATA) => files(ending, under)[at] as string
const putBack = (position: number) => restoreSegment(BACKUP, DATA, position, { disk })
const firstOf = (path: string) => Number(/seg-(\d{16})/.exec(path)?.[1])
/** All but the lock, which names its last holder. */
const contents = () =>
  new Map(
    disk
      .files()
      .flatMap(path =>
        path.endsWith('/LOCK') ? [] : [[path, sha256(Buffer.from(disk.bytes(path))).toString('hex')] as const],
      ),
  )
const quarantine = () => disk.files().filter(path => path.startsWith(`${DATA}/quarantine/`))

async function expectWhole(): Promise<void> {
  expect((await verifyStore(DATA, { disk })).findings.filter(({ severity }) => severity !== 'notice')).toEqual([])
  const store = await AgedStore.open(disk, DATA, clock, { archiveAfterDays: 0 })
  expect(store.store.status()).toMatchObject({ write: { writable: true }, damaged: [] })
  expect(await store.events()).toEqual(events)
  await store.store.close()
}

describe.each([
  ['a plain segment', '.log'],
  ['an archive', '.zst'],
])('%s', (_name, ending) => {
  test.each([
    ['in the middle of an event', RECORD + 20],
    ['in the header', 20],
    ['in its last bytes', -20],
  ])('with a byte flipped %s is put back, and the damaged file is kept', async (_where, offset) => {
    const path = file(ending, 1)
    const at = ending === '.zst' && offset > 0 ? offset % 300 : offset
    disk.flip(path, at < 0 ? disk.bytes(path).length + at : at)
    const damaged = disk.bytes(path)
    const { copied, kept } = await putBack(firstOf(path) + 2)
    expect(copied).toBe(true)
    expect(quarantine()).toEqual([kept])
    expect(disk.bytes(kept as string)).toEqual(damaged)
    await expectWhole()
  })

  test('that is gone is put back', async () => {
    const path = file(ending, 1)
    await disk.unlink(path)
    expect(await putBack(firstOf(path))).toMatchObject({ copied: true, kept: undefined })
    expect(files(ending)).toContain(path)
    await expectWhole()
  })
})

test('a segment of which the disk gives no byte any more is put aside as it is', async () => {
  const path = file('.log', 1)
  disk.arm({ failFrom: 1, code: 'EIO', only: (kind, of) => kind === 'read' && of === path })
  const { copied, kept } = await putBack(firstOf(path) + 1)
  disk.heal()
  expect([copied, quarantine()]).toEqual([true, [kept]])
  await expectWhole()
})

describe('what is known of the damage', () => {
  test.each([false, true])('is forgotten, accepted or not (accepted: %s)', async accept => {
    const path = file('.log', 0)
    disk.flip(path, RECORD + 20)
    const store = await AgedStore.open(disk, DATA, clock, { archiveAfterDays: 0 })
    await store.events().catch(() => undefined)
    await store.store.close()
    expect(disk.files()).toContain(`${DATA}/DAMAGE`)
    if (accept) await repairStore(DATA, { disk, apply: true })
    await putBack(firstOf(path))
    expect(disk.files()).not.toContain(`${DATA}/DAMAGE`)
    await expectWhole()
    disk.flip(path, RECORD + 20)
    const again = await AgedStore.open(disk, DATA, clock, { archiveAfterDays: 0 })
    await again.events().catch(() => undefined)
    expect(again.store.status().write).toMatchObject({ writable: false, reason: 'corrupt' })
    await again.store.close()
  })

  test('of another segment is kept', async () => {
    const [one, other] = [file('.log', 0), file('.log', 1)]
    for (const path of [one, other]) disk.flip(path, RECORD + 20)
    const store = await AgedStore.open(disk, DATA, clock, { archiveAfterDays: 0 })
    for (const path of [one, other]) await store.store.find(firstOf(path)).catch(() => undefined)
    await store.store.close()
    await putBack(firstOf(one))
    expect(disk.files()).toContain(`${DATA}/DAMAGE`)
    await putBack(firstOf(other))
    await expectWhole()
  })
})

test('of a sound segment nothing is changed', async () => {
  const before = disk.files()
  expect(await putBack(EVENTS_A_DAY * 2)).toMatchObject({ copied: false, kept: undefined })
  expect(disk.files()).toEqual(before)
})

describe('it is refused, and nothing is changed,', () => {
  const refused = async (position: number, code: string, says: RegExp) => {
    const before = contents()
    await expect(putBack(position)).rejects.toMatchObject({ code, message: expect.stringMatching(says) })
    expect(contents()).toEqual(before)
  }

  test('where the backup does not hold the segment, or only its beginning', async () => {
    const store = await AgedStore.open(disk, DATA, clock, { archiveAfterDays: 0 })
    for (let day = 0; day < 3; day++) await store.day()
    await backupStore(DATA, '/later', { disk, proofMs: 0 })
    for (let day = 0; day < 2; day++) await store.day()
    await store.store.close()
    const path = files('.log').at(-3) as string
    disk.flip(path, RECORD + 20)
    await refused(firstOf(path), 'INVALID_REQUEST', /does not hold seg-/)
    const tail = restoreSegment('/later', DATA, firstOf(path), { disk })
    await expect(tail).rejects.toMatchObject({ message: expect.stringContaining('only the beginning of seg-') })
  })

  test('where the copy itself is damaged', async () => {
    const path = file('.log', 0)
    disk.flip(path, RECORD + 20)
    disk.flip(files('.log', BACKUP).find(copy => firstOf(copy) === firstOf(path)) as string, RECORD + 30)
    await refused(firstOf(path), 'DATA_CORRUPT', /does not have the hash/)
  })

  test('where the copy is of a store that went another way since', async () => {
    const fork = new FakeDisk({ directories: ['/'] })
    for (const path of disk.files().filter(name => name.startsWith(BACKUP))) fork.put(path, disk.bytes(path))
    await restoreStore(BACKUP, '/fork', { disk: fork })
    const times = [clock.now(), clock.now()]
    for (const [at, [where, on]] of (
      [
        [DATA, disk],
        ['/fork', fork],
      ] as const
    ).entries()) {
      const store = await AgedStore.open(on, where, new ManualClock(times[at]), { archiveAfterDays: 0 })
      for (let day = 0; day < 3; day++) await store.day(at === 0 ? 120 : 60)
      await store.store.close()
    }
    await backupStore('/fork', '/of-the-fork', { disk: fork, proofMs: 0 })
    for (const path of fork.files().filter(name => name.startsWith('/of-the-fork'))) disk.put(path, fork.bytes(path))
    const path = files('.log').at(-2) as string
    disk.flip(path, RECORD + 20)
    const attempt = restoreSegment('/of-the-fork', DATA, firstOf(path), { disk })
    await expect(attempt).rejects.toMatchObject({ message: expect.stringMatching(/chain/) })
    expect(quarantine()).toEqual([])
  })

  test('where there is no complete backup, or the copy is not there', async () => {
    const path = file('.log', 0)
    await disk.unlink(path)
    const nowhere = restoreSegment('/nowhere', DATA, firstOf(path), { disk })
    await expect(nowhere).rejects.toMatchObject({ message: expect.stringContaining('holds no complete backup') })
    await disk.unlink(files('.log', BACKUP).find(copy => firstOf(copy) === firstOf(path)) as string)
    await refused(firstOf(path), 'DATA_CORRUPT', /is missing/)
  })

  test('where there is no room for it beside the damaged one', async () => {
    const used = disk.files().reduce((sum, path) => sum + disk.bytes(path).length, 0)
    const full = new FakeDisk({ directories: ['/', DATA, `${DATA}/segments`], capacityBytes: 2 * used })
    for (const path of disk.files()) full.put(path, disk.bytes(path))
    disk = full
    const path = file('.log', 0)
    disk.flip(path, RECORD + 20)
    await refused(firstOf(path), 'DISK_FULL', /has no room for seg-/)
  })

  test('where the position lies before the first one that is kept', async () => {
    const store = await AgedStore.open(disk, DATA, clock, { retainArchivesDays: 1, archiveAfterDays: 1 })
    while (await store.store.maintenance.pass());
    expect(store.told.retired.length).toBeGreaterThan(0)
    await store.store.close()
    await refused(1, 'INVALID_REQUEST', /lies before \d+, the first one kept/)
  })

  test('where it was damaged already when the backup was made', async () => {
    const path = file('.log', 0)
    disk.flip(path, RECORD + 20)
    await repairStore(DATA, { disk, apply: true })
    await backupStore(DATA, '/of-the-damaged', { disk, proofMs: 0 })
    const attempt = restoreSegment('/of-the-damaged', DATA, firstOf(path), { disk })
    await expect(attempt).rejects.toMatchObject({ message: expect.stringContaining('was damaged already when') })
  })

  test('where nothing behind it and nothing of its own can prove it', async () => {
    const path = files('.log').at(-2) as string
    for (const next of files('.log').slice(-1)) disk.put(next, Buffer.alloc(disk.bytes(next).length))
    disk.cut(path, disk.bytes(path).length - 200)
    const attempt = putBack(firstOf(path))
    await expect(attempt).rejects.toMatchObject({ message: expect.stringMatching(/nothing can prove it|chain/) })
  })

  test('where the copy is of another epoch', async () => {
    const path = file('.log', 1)
    await disk.rename(path, path.replace(/(\d{8})\.log$/, '00000009.log'))
    await refused(firstOf(path), 'INVALID_REQUEST', /of another epoch/)
  })

  test('while a server uses the store', async () => {
    const store = await AgedStore.open(disk, DATA, clock, { archiveAfterDays: 0 })
    await expect(putBack(1)).rejects.toMatchObject({ code: 'LOCKED' })
    await store.store.close()
  })
})

describe('out of the backup of another store', () => {
  /** A store of so many days, sealed to its end, and its backup. */
  async function sealedStore(days: number, backup: string): Promise<FakeDisk> {
    const on = new FakeDisk({ directories: ['/'] })
    const store = await AgedStore.open(on, DATA, new ManualClock(), { sealOnCloseBytes: 1 })
    for (let day = 0; day < days; day++) await store.day()
    await store.store.close()
    await backupStore(DATA, backup, { disk: on, proofMs: 0 })
    return on
  }

  test.each([
    ['the segment written last, which its own footer proves', 1, 'it is not what the footer of the damaged file says'],
    ['one that another follows', 3, 'it is of another store'],
  ])('nothing is put back: %s', async (_, days, why) => {
    disk = await sealedStore(days, BACKUP)
    const other = await sealedStore(days, '/other')
    for (const path of other.files().filter(name => name.startsWith('/other/'))) disk.put(path, other.bytes(path))
    disk.flip(file('.log', 0), RECORD + 20)
    await expect(restoreSegment('/other', DATA, 1, { disk })).rejects.toMatchObject({
      message: expect.stringContaining(why),
    })
    expect(await putBack(1)).toMatchObject({ copied: true })
    expect((await verifyStore(DATA, { disk })).clean).toBe(true)
  })
})

test('a loss of power at any of its operations leaves what can be done again', async () => {
  const path = file('.log', 0)
  disk.flip(path, RECORD + 20)
  const damaged = disk
  let met = 0
  for (let operation = 1; ; operation++) {
    disk = damaged.clone()
    disk.arm({ dieAt: operation, only: kind => CHANGES.has(kind) })
    const done = await putBack(firstOf(path)).then(
      () => true,
      () => false,
    )
    if (done && disk.powered) break
    met++
    disk = disk.afterCrash(operation)
    await putBack(firstOf(path))
    await expectWhole()
  }
  expect(met).toBeGreaterThan(8)
})
