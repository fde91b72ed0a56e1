// Looking at a store without changing it, and repairing one on purpose: on healthy, damaged and dying disks.
import { readdirSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { AgedStore, agedDisk, EVENTS_A_DAY } from '../../../test/support/aged-store.js'
import { stride, tries } from '../../../test/support/effort.js'
import type { CrashMode, FakeDisk } from '../../../test/support/fake-disk.js'
import { diskError } from '../../../test/support/fault-plan.js'
import { withTempDirectory } from '../../../test/support/temp-directory.js'
import type { LockAttempt } from './engine/disk/disk.js'
import { DiskWrapper } from './engine/disk/disk-wrapper.js'
import { FOOTER_BYTES, type Footer, footerBytes, parseFooter } from './engine/format/footer.js'
import { repairStore, verifyStore } from './verify-store.js'

const DAYS = 10
const aged = await agedDisk(DAYS)
/** Where the first record of a segment begins: behind header block, frame header and entry head. */
const RECORD = 4096 + 76 + 36

const open = (disk: FakeDisk, options: object = {}) => AgedStore.open(disk, '/data', aged.clock, options)
const filesOf = (disk: FakeDisk, ending: string) => disk.files().filter(path => path.endsWith(ending))

async function archivedDisk(): Promise<FakeDisk> {
  const disk = aged.disk.clone()
  const held = await open(disk)
  while (await held.store.maintenance.pass());
  await held.store.close()
  return disk
}

const archived = await archivedDisk()

/** On which no lock can be taken. */
class UnlockableDisk extends DiskWrapper {
  constructor(
    disk: FakeDisk,
    private readonly code: string,
  ) {
    super(disk)
  }

  override lock(path: string): Promise<LockAttempt> {
    return Promise.reject(diskError(this.code, 'lock', path))
  }
}

function contentOf(disk: FakeDisk): Map<string, string> {
  return new Map(disk.files().map(path => [path, Buffer.from(disk.bytes(path)).toString('latin1')]))
}

/** Verify and everything it says, after making sure that it changed nothing. */
async function look(disk: FakeDisk, live = false) {
  const before = contentOf(disk)
  const report = await verifyStore('/data', { disk, live })
  expect(contentOf(disk)).toEqual(before)
  expect(disk.openFiles).toEqual([])
  return report
}

test('a healthy store is clean, counted in full, and not changed by a byte', async () => {
  for (const disk of [aged.disk.clone(), archived.clone()]) {
    const report = await look(disk)
    expect(report).toMatchObject({ clean: true, findings: [], segments: DAYS, first: 1, head: DAYS * EVENTS_A_DAY })
    expect(report).toMatchObject({ frames: DAYS * EVENTS_A_DAY, events: DAYS * EVENTS_A_DAY, quarantine: [] })
  }
  const [plain, packed] = [await look(aged.disk.clone()), await look(archived.clone())]
  expect(packed.chain).toBe(plain.chain)
  expect([plain.archives, packed.archives]).toEqual([0, 3])
})

test('a store in use is refused by name, unless it is looked at live', async () => {
  const disk = aged.disk.clone()
  const held = await open(disk)
  await expect(verifyStore('/data', { disk })).rejects.toMatchObject({ code: 'LOCKED' })
  await expect(repairStore('/data', { disk, apply: true })).rejects.toMatchObject({ code: 'LOCKED' })
  expect(await verifyStore('/data', { disk, live: true })).toMatchObject({ clean: true, head: DAYS * EVENTS_A_DAY })
  await held.store.close()
})

test.each(['EROFS', 'EACCES'])(
  'a store that lies where nobody may write (%s) is looked at without a lock',
  async code => {
    const disk = new UnlockableDisk(aged.disk.clone(), code)
    expect((await verifyStore('/data', { disk })).clean).toBe(true)
  },
)

test('a lock that fails in another way is told, and one that was never taken is not needed', async () => {
  const disk = new UnlockableDisk(aged.disk.clone(), 'EIO')
  await expect(verifyStore('/data', { disk })).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  await disk.unlink('/data/LOCK')
  expect((await verifyStore('/data', { disk })).clean).toBe(true)
})

test('a folder of this machine that holds no store is neither looked at nor repaired', () =>
  withTempDirectory(async directory => {
    for (const attempt of [verifyStore(directory), repairStore(directory), repairStore(directory, { apply: true })])
      await expect(attempt).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(readdirSync(directory)).toEqual([])
  }))

test('a directory without a store is refused, not called healthy', async () => {
  const disk = aged.disk.clone()
  await expect(verifyStore('/elsewhere', { disk })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

const WRONG_FOOTERS = {
  'first position': { firstPosition: 2 },
  'last position': { lastPosition: 99 },
  'number of frames': { frames: 99 },
  'last batch': { batch: 99 },
  'chain hash': { chain: Buffer.alloc(32, 7) },
} as const

test.each(Object.entries(WRONG_FOOTERS))(
  'a footer that is whole and tells another %s is named',
  async (what, wrong) => {
    const disk = aged.disk.clone()
    const file = filesOf(disk, '.log')[4] as string
    const bytes = Buffer.from(disk.bytes(file))
    const dataEnd = bytes.length - FOOTER_BYTES
    const footer = parseFooter(bytes.subarray(dataEnd)) as Footer
    disk.put(file, Buffer.concat([bytes.subarray(0, dataEnd), footerBytes({ ...footer, ...wrong })]))
    const { clean, findings } = await look(disk)
    expect([clean, JSON.stringify(findings)]).toEqual([false, expect.stringContaining(what)])
  },
)

test('a flipped byte is named with its file, its place and its position, plain or archived', async () => {
  const disk = aged.disk.clone()
  const file = filesOf(disk, '.log')[4] as string
  disk.flip(file, RECORD + 30)
  const position = 4 * EVENTS_A_DAY + 1
  const finding = { severity: 'corrupt', file, offset: RECORD - 36, positions: { from: position, to: position } }
  const report = await look(disk)
  expect(report).toMatchObject({ clean: false, events: DAYS * EVENTS_A_DAY - 1, head: DAYS * EVENTS_A_DAY })
  expect(report.findings).toMatchObject([finding])
})

test('every byte of an archive is covered: a flip anywhere in it is found, and events outside are still served', async () => {
  const [file = ''] = filesOf(archived, '.zst')
  const { length } = archived.bytes(file)
  for (let at = 0; at < length; at += Math.ceil(length / tries(60, 20))) {
    const disk = archived.clone()
    disk.flip(file, at, 1 << (at % 8))
    const report = await look(disk)
    expect(report.findings.filter(({ severity }) => severity === 'corrupt')).not.toEqual([])
    expect(report.findings[0]?.file).toBe(file)
    expect(report.head).toBe(DAYS * EVENTS_A_DAY)
  }
})

test('an archive without its seek table still opens, serves every event, and is found out', async () => {
  const disk = archived.clone()
  const [file = ''] = filesOf(disk, '.zst')
  disk.flip(file, disk.bytes(file).length - 1)
  const held = await open(disk)
  expect(await held.events()).toEqual(aged.events)
  await held.store.close()
  expect((await look(disk)).findings).toMatchObject([{ severity: 'corrupt', file }])
})

test('an index that is missing or damaged is a notice; one that lies is told apart', async () => {
  const disk = aged.disk.clone()
  const [missing = '', damaged = '', lying = ''] = filesOf(disk, '.idx')
  disk.cut(missing, 0)
  disk.flip(damaged, 4096 + 10)
  disk.put(lying, await lyingIndex(disk, lying))
  const report = await look(disk)
  expect(report.clean).toBe(false)
  expect(report.findings).toMatchObject([
    { severity: 'notice', file: missing },
    { severity: 'notice', file: damaged },
    { severity: 'index', file: lying },
  ])
  const repaired = await repairStore('/data', { disk, apply: true })
  expect(repaired).toMatchObject({ applied: true, lost: 0 })
  expect(await look(disk)).toMatchObject({ clean: true, findings: [] })
})

/** An index whose pages have their checksums but place the first event one byte further on. */
async function lyingIndex(disk: FakeDisk, path: string): Promise<Uint8Array> {
  const { crc32 } = await import('node:zlib')
  const bytes = Buffer.from(disk.bytes(path))
  const seed = crc32(bytes.subarray(16, 16 + 52)) + 1
  bytes.writeUInt32LE(bytes.readUInt32LE(4096) + 1, 4096)
  bytes.writeUInt32LE(crc32(bytes.subarray(4096, 8192 - 4), seed), 8192 - 4)
  return bytes
}

test('a torn tail is no damage, and leftovers and strangers are only mentioned', async () => {
  const disk = aged.disk.clone()
  const tail = filesOf(disk, '.log').at(-1) as string
  disk.put(tail, Buffer.concat([disk.bytes(tail), Buffer.from('half a frame')]))
  disk.put('/data/segments/notes.txt', Buffer.from('mine'))
  disk.put(`${tail}.tmp`, Buffer.from('left'))
  const report = await look(disk)
  expect(report.clean).toBe(true)
  expect(report.findings.map(({ severity, file }) => [severity, file])).toEqual([
    ['notice', '/data/segments/notes.txt'],
    ['notice', `${tail}.tmp`],
    ['torn', tail],
  ])
})

test('a missing segment, a swapped one and a damaged floor are corrupt', async () => {
  const missing = aged.disk.clone()
  const [, second = '', third = ''] = filesOf(missing, '.log')
  await missing.unlink(second)
  const lost = { from: EVENTS_A_DAY + 1, to: 2 * EVENTS_A_DAY }
  expect((await look(missing)).findings).toContainEqual(
    expect.objectContaining({ severity: 'corrupt', positions: lost }),
  )
  const swapped = aged.disk.clone()
  swapped.put(second, aged.disk.bytes(third))
  expect((await look(swapped)).clean).toBe(false)
  const floored = aged.disk.clone()
  floored.put('/data/FLOOR', Buffer.from('nonsense'))
  expect((await look(floored)).findings).toMatchObject([{ severity: 'corrupt', file: '/data/FLOOR' }])
})

test('of a last segment that nobody can judge no event is counted, and no position is made up', async () => {
  const disk = aged.disk.clone()
  const files = filesOf(disk, '.log')
  const tail = files.at(-1) as string
  disk.put(tail, aged.disk.bytes(files[0] as string))
  const report = await look(disk)
  const from = (DAYS - 1) * EVENTS_A_DAY + 1
  expect(report).toMatchObject({ clean: false, events: from - 1, head: from - 1 })
  await disk.unlink(tail)
  const held = await open(disk)
  const { write } = held.store.status()
  expect(write).toMatchObject({ writable: false, detail: expect.stringContaining(`(from position ${from} on)`) })
  await held.store.close()
})

/** Damage of three kinds: an event, a frame with its event, and a whole segment overwritten. */
function damagedDisk(): FakeDisk {
  const disk = aged.disk.clone()
  const files = filesOf(disk, '.log')
  disk.flip(files[1] as string, RECORD + 30)
  disk.flip(files[3] as string, 4096 + 20)
  disk.flip(files[3] as string, RECORD + 30)
  disk.put(files[5] as string, Buffer.from('nothing that was here before'))
  return disk
}

test('without being told to, repair only says what it would do', async () => {
  const disk = damagedDisk()
  const before = contentOf(disk)
  const plan = await repairStore('/data', { disk })
  expect(plan.applied).toBe(false)
  expect(plan.steps.map(step => step.do)).toContain('keep evidence')
  expect(plan.steps.map(step => step.do)).toContain('accept')
  expect(plan.lost).toBe(2 + EVENTS_A_DAY)
  expect(contentOf(disk)).toEqual(before)
})

test('after a repair the store is writable, the lost positions stay lost, and nothing is renumbered', async () => {
  const disk = damagedDisk()
  const readOnly = await open(disk)
  expect(readOnly.store.status().write).toMatchObject({ writable: false, reason: 'corrupt' })
  await readOnly.store.close()
  const report = await repairStore('/data', { disk, apply: true })
  expect(report).toMatchObject({ applied: true, refused: [], lost: 2 + EVENTS_A_DAY })
  expect(filesOf(disk, '').filter(path => path.startsWith('/data/quarantine/')).length).toBeGreaterThan(2)
  for (let start = 0; start < 3; start++) {
    const held = await open(disk)
    expect(held.store.status().write).toEqual({ writable: true })
    await held.day()
    const lost: number[] = []
    let count = 0
    for await (const event of held.store.read({ onDamaged: ({ from, to }) => lost.push(to - from + 1) }))
      count += event.position > 0 ? 1 : 0
    const head = (DAYS + start + 1) * EVENTS_A_DAY
    expect(held.store.head()).toBe(head)
    expect(lost.reduce((sum, length) => sum + length, 0)).toBe(2 + EVENTS_A_DAY)
    expect(count).toBe(head - 2 - EVENTS_A_DAY)
    await expect(held.store.find(EVENTS_A_DAY + 1)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
    await held.store.close()
  }
  const report2 = await look(disk)
  expect(report2.clean).toBe(true)
  expect(report2.findings.every(({ severity }) => severity === 'notice')).toBe(true)
})

test('a damaged floor is written anew from the first segment', async () => {
  const disk = archived.clone()
  const held = await open(disk, { archiveAfterDays: 7, retainArchivesDays: 8 })
  await held.store.maintenance.pass()
  const { first } = held.store.status()
  expect(first).toBe(EVENTS_A_DAY + 1)
  await held.store.close()
  disk.flip('/data/FLOOR', 3)
  await expect(open(disk)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
  expect(await repairStore('/data', { disk, apply: true })).toMatchObject({ applied: true, lost: 0 })
  const again = await open(disk)
  expect(again.store.status()).toMatchObject({ first, write: { writable: true } })
  expect(await again.events()).toEqual(aged.events.slice(first - 1))
  await again.store.close()
})

test('positions of a file that is gone are accepted as lost, and what was accepted is written anew when it is damaged', async () => {
  const disk = aged.disk.clone()
  await disk.unlink(filesOf(disk, '.log')[2] as string)
  expect(await repairStore('/data', { disk, apply: true })).toMatchObject({ applied: true, lost: EVENTS_A_DAY })
  expect(await look(disk)).toMatchObject({ clean: true })
  disk.flip('/data/ACCEPTED', 3)
  expect(await look(disk)).toMatchObject({ clean: false })
  const again = await repairStore('/data', { disk, apply: true })
  expect(again.steps).toContainEqual({ do: 'write anew', file: '/data/ACCEPTED' })
  expect(await look(disk)).toMatchObject({ clean: true })
})

test('the last file under the name of another segment is told, and that nobody knows how much is lost', async () => {
  const disk = aged.disk.clone()
  const path = filesOf(disk, '.log').at(-1) as string
  const other = path.replace(/seg-\d{16}/, 'seg-0000000000000999')
  await disk.rename(path, other)
  const { clean, findings } = await look(disk)
  expect(clean).toBe(false)
  expect(findings).toContainEqual(expect.objectContaining({ severity: 'corrupt', file: other }))
  expect((await repairStore('/data', { disk, apply: true })).applied).toBe(false)
})

test('a segment that a replaced owner wrote late is left alone, and told', async () => {
  const disk = aged.disk.clone()
  for (let start = 0; start < 2; start++) await (await open(disk)).store.close()
  const late = '/data/segments/seg-0000000000000999-00000001.log'
  disk.put(late, disk.bytes(filesOf(disk, '.log')[0] as string))
  const held = await open(disk)
  expect(held.told.noticed).toContainEqual(expect.stringContaining(`segment of a replaced owner left alone: ${late}`))
  expect(await held.events()).toEqual(aged.events)
  await held.store.close()
})

test('a damaged floor is told also where no segment says what it was, and an import that is not complete beside it', async () => {
  const disk = aged.disk.clone()
  disk.put('/data/FLOOR', Buffer.from('no floor'))
  disk.put('/data/IMPORTING', Buffer.alloc(0))
  const [first = '', ...others] = filesOf(disk, '.log')
  disk.flip(first, 3)
  const damaged = await look(disk)
  expect(damaged.findings).toContainEqual(expect.objectContaining({ severity: 'corrupt', file: '/data/FLOOR' }))
  expect(damaged.findings).toContainEqual(expect.objectContaining({ severity: 'notice', file: '/data/IMPORTING' }))
  for (const path of [first, ...others]) await disk.unlink(path)
  expect((await look(disk)).findings).toContainEqual(expect.objectContaining({ file: '/data/FLOOR' }))
})

test('damage of unknown extent is refused as a whole', async () => {
  const disk = damagedDisk()
  await disk.unlink(filesOf(disk, '.log').at(-1) as string)
  const before = contentOf(disk)
  const report = await repairStore('/data', { disk, apply: true })
  expect(report).toMatchObject({ applied: false, steps: [] })
  expect(report.refused).toEqual([expect.stringContaining('the segment written last is missing')])
  expect([...contentOf(disk)].filter(([path]) => !path.endsWith('LOCK'))).toEqual(
    [...before].filter(([path]) => !path.endsWith('LOCK')),
  )
})

async function operationsOfRepair(): Promise<number> {
  const disk = damagedDisk()
  await repairStore('/data', { disk, apply: true })
  return disk.operations
}

const operations = await operationsOfRepair()

/** Not yet accepted and read-only, or accepted and writable; in both cases with every event that was left. */
async function expectEither(disk: FakeDisk): Promise<void> {
  await repairStore('/data', { disk, apply: true })
  const held = await open(disk)
  expect(held.store.status().write).toEqual({ writable: true })
  const read: string[] = []
  for await (const event of held.store.read({ onDamaged: () => undefined })) read.push(JSON.stringify(event))
  expect(read.every(event => aged.events.includes(event))).toBe(true)
  expect(read.length).toBe(aged.events.length - 2 - EVENTS_A_DAY)
  await held.store.close()
}

test.each<CrashMode>(['lose-all', 'random'])('the power may go at any operation of a repair (%s)', async mode => {
  let deaths = 0
  for (let at = 1 + (mode === 'random' ? 1 : 0); at <= operations; at += stride(2, 6)) {
    const disk = damagedDisk()
    disk.arm({ dieAt: at })
    await expect(repairStore('/data', { disk, apply: true })).rejects.toThrow()
    deaths += disk.powered ? 0 : 1
    await expectEither(disk.afterCrash(at, mode))
  }
  expect(deaths).toBeGreaterThan(0)
})

test.each(['EIO', 'ENOSPC'])('any operation of a repair may fail (%s)', async code => {
  for (let at = 1; at <= operations; at += stride(3, 9)) {
    const disk = damagedDisk()
    disk.arm({ failAt: at, code })
    await repairStore('/data', { disk, apply: true }).catch(() => undefined)
    await expectEither(disk.afterCrash(at, 'lose-all'))
  }
})
