// Damage found while the store runs: proven, written down, no append from then on; and so until an operator has looked at it.
import { crc32 } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { AgedStore, agedDisk, EVENTS_A_DAY } from '../../../test/support/aged-store.js'
import type { CrashMode, FakeDisk } from '../../../test/support/fake-disk.js'
import type { Fault } from '../../../test/support/fault-plan.js'
import { backupStore, restoreStore } from './backup-store.js'
import { repairStore, verifyStore } from './verify-store.js'

const DAYS = 5
const aged = await agedDisk(DAYS)
/** The first event of a segment begins here, and the first byte of its record. */
const RECORD = 4096 + 76 + 36
const DAMAGE = '/data/DAMAGE'
const NO_DUTIES = { archiveAfterDays: 0 }
const SCRUB = { ...NO_DUTIES, scrubBytesPerSecond: 1e12 }

const open = (disk: FakeDisk, options: object = NO_DUTIES) => AgedStore.open(disk, '/data', aged.clock, options)
const filesOf = (disk: FakeDisk, ending: string) => disk.files().filter(path => path.endsWith(ending))
const append = (held: AgedStore, more: object = {}) =>
  held.store.append({ events: [{ type: 'after', stream: 'after', data: {} }], author: { agentId: 'a' }, ...more })

/** In the oldest segment, which no start reads as a whole. */
function rot(disk: FakeDisk): void {
  disk.flip(filesOf(disk, '.log')[0] as string, RECORD + 20)
}

async function untilScrubbed(held: AgedStore): Promise<void> {
  const before = held.told.scrubbed.length
  for (let pass = 0; pass < 3 * DAYS && held.told.scrubbed.length === before; pass++)
    await held.store.maintenance.pass()
}

async function expectStopped(held: AgedStore): Promise<void> {
  expect(held.store.status().write).toMatchObject({ writable: false, reason: 'corrupt' })
  expect(held.store.status().damaged).toMatchObject([{ from: 1, to: 1 }])
  await expect(append(held)).rejects.toMatchObject({ code: 'READ_ONLY' })
  await expect(held.store.find(1)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
  expect(await held.store.find(2)).toBeDefined()
}

const ways: readonly [string, object, (held: AgedStore) => Promise<unknown>][] = [
  ['a read', NO_DUTIES, held => held.events()],
  ['a look at one event', NO_DUTIES, held => held.store.find(1)],
  ['a scrub', SCRUB, untilScrubbed],
  ['archiving', { archiveAfterDays: 1 }, held => held.store.maintenance.pass()],
  [
    'the decision of an append',
    NO_DUTIES,
    held =>
      append(held, {
        condition: { failIfEventsMatch: { items: [{ types: ['day.logged'] }] } },
      }),
  ],
]

describe.each(ways)('found by %s', (_name, options, meet) => {
  test('it stops appends, now and after a restart, until it has been accepted', async () => {
    const disk = aged.disk.clone()
    const held = await open(disk, options)
    await append(held)
    rot(disk)
    await meet(held).catch(() => undefined)
    await expectStopped(held)
    expect(disk.files()).toContain(DAMAGE)
    await held.store.close()

    for (let start = 0; start < 2; start++) {
      const again = await open(disk)
      await expectStopped(again)
      await again.store.close()
    }

    expect(await repairStore('/data', { disk, apply: true })).toMatchObject({ applied: true, lost: 1 })
    expect(disk.files()).not.toContain(DAMAGE)
    expect(await verifyStore('/data', { disk })).toMatchObject({ clean: true })
    const accepted = await open(disk, options)
    await meet(accepted).catch(() => undefined)
    expect(accepted.store.status().write).toEqual({ writable: true })
    expect(await append(accepted)).toMatchObject({ duplicate: false })
    await expect(accepted.store.find(1)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
    await accepted.store.close()
  })
})

test('an append that cannot be decided leaves the others of its batch unstored, and says so', async () => {
  const disk = aged.disk.clone()
  const held = await open(disk)
  rot(disk)
  const { head } = { head: held.store.head() }
  const condition = { failIfEventsMatch: { items: [{ types: ['day.logged'] }] } }
  const outcomes = await Promise.allSettled([append(held), append(held, { condition }), append(held)])
  expect(outcomes).toMatchObject(Array(3).fill({ status: 'rejected', reason: { code: 'READ_ONLY' } }))
  expect(held.store.head()).toBe(head)
  await held.store.close()
})

describe('no damage, and no reason to stop', () => {
  const soundAfter = async (disk: FakeDisk, options: object, spoil: (disk: FakeDisk) => void) => {
    const held = await open(disk, options)
    await append(held)
    spoil(disk)
    await untilScrubbed(held)
    await held.events().catch(() => undefined)
    expect(held.store.status()).toMatchObject({ write: { writable: true }, damaged: [] })
    expect(disk.files()).not.toContain(DAMAGE)
    disk.heal()
    await append(held)
    await held.store.close()
  }

  test.each(['read', 'readSync', 'openSync'])('a disk that does not give the bytes (%s)', kind =>
    soundAfter(aged.disk.clone(), { ...SCRUB, openFiles: 1 }, disk =>
      disk.arm({ failFrom: 1, code: 'EIO', only: (what, path) => what === kind && path.endsWith('.log') }),
    ),
  )

  test('an index of which every page is wrong', () =>
    soundAfter(aged.disk.clone(), SCRUB, disk => {
      for (const index of filesOf(disk, '.idx'))
        for (let at = 4096; at < disk.bytes(index).length; at += 512) disk.flip(index, at + 1)
    }))

  test('an index that points to the wrong place, for an append that has to be decided by it', async () => {
    const disk = aged.disk.clone()
    const [path = ''] = filesOf(disk, '.idx')
    const bytes = Buffer.from(disk.bytes(path))
    // Its pages have their checksums, and place the first event one byte further on.
    bytes.writeUInt32LE(bytes.readUInt32LE(4096) + 1, 4096)
    bytes.writeUInt32LE(crc32(bytes.subarray(4096, 8192 - 4), crc32(bytes.subarray(16, 16 + 52)) + 1), 8192 - 4)
    disk.put(path, bytes)
    const held = await open(disk)
    const condition = { failIfEventsMatch: { items: [{ types: ['day.logged'] }] } }
    await expect(append(held, { condition })).rejects.toMatchObject({ code: 'CONDITION_FAILED' })
    expect(held.told.noticed).toContainEqual(expect.stringContaining('index rebuilt'))
    await append(held)
    expect(held.store.status()).toMatchObject({ write: { writable: true }, damaged: [] })
    await held.store.close()
  })

  test('a directory that was taken away as a whole', async () => {
    const disk = aged.disk.clone()
    const held = await open(disk, { ...SCRUB, openFiles: 1 })
    disk.arm({
      failFrom: 1,
      code: 'ENOENT',
      only: (kind, path) => kind !== 'write' && path.startsWith('/data/segments'),
    })
    await untilScrubbed(held)
    expect(held.store.status()).toMatchObject({ write: { writable: true }, damaged: [] })
    disk.heal()
    await held.store.close()
  })
})

test('a file that is gone from its directory is damage, which a scrub finds', async () => {
  const disk = aged.disk.clone()
  const held = await open(disk, { ...SCRUB, openFiles: 1 })
  await held.store.find(3 * EVENTS_A_DAY)
  await disk.unlink(filesOf(disk, '.log')[0] as string)
  await untilScrubbed(held)
  expect(held.store.status().write).toMatchObject({ reason: 'corrupt' })
  await held.store.close()
})

describe('where it cannot be written down', () => {
  const cannot: readonly [string, Fault][] = [
    ['EIO', { failFrom: 1, code: 'EIO', only: (_, path) => path.includes('DAMAGE') }],
    ['EROFS', { failFrom: 1, code: 'EROFS', only: kind => ['open', 'write', 'unlink', 'rename'].includes(kind) }],
    ['ENOSPC', { failFrom: 1, code: 'ENOSPC', only: (_, path) => path.includes('DAMAGE') }],
  ]

  test.each(cannot)('it is told all the same, and stops this process (%s)', async (_code, fault) => {
    const disk = aged.disk.clone()
    const held = await open(disk)
    await append(held)
    rot(disk)
    disk.arm(fault)
    await expect(held.store.find(1)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
    expect(disk.faultsDelivered).toBeGreaterThan(0)
    await expectStopped(held)
    expect(held.told.noticed).toContainEqual(expect.stringContaining('damage could not be written down'))
    disk.heal()
    await held.store.close()
    // What could not be written then was written at the end.
    const again = await open(disk)
    await expectStopped(again)
    await again.store.close()
  })

  test('a full disk gives its reserve back for it', async () => {
    const disk = aged.disk.clone()
    const held = await open(disk, { ...NO_DUTIES, reserveBytes: 4_096 })
    await append(held)
    rot(disk)
    const given = () => !disk.files().includes('/data/RESERVE')
    disk.arm({ failFrom: 1, code: 'ENOSPC', only: (_, path) => path.includes('DAMAGE') && !given() })
    await expect(held.store.find(1)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
    expect(given()).toBe(true)
    expect(disk.files()).toContain(DAMAGE)
    await held.store.close()
  })
})

describe('the note', () => {
  const crashes: readonly CrashMode[] = ['lose-all', 'keep-all', 'random']

  test('whoever was told of damage finds the store stopped after a crash at any operation', async () => {
    const counts = { crashes: 0, told: 0, stopped: 0, forgotten: 0 }
    for (let dieAt = 1; ; dieAt++) {
      const disk = aged.disk.clone()
      const held = await open(disk)
      rot(disk)
      disk.arm({ dieAt })
      const told = await held.store.find(1).then(
        () => false,
        error => error.code === 'DATA_CORRUPT',
      )
      if (disk.powered) {
        await held.store.close()
        break
      }
      held.abandon()
      counts.crashes++
      counts.told += Number(told)
      for (const mode of crashes) {
        const again = await open(disk.afterCrash(dieAt, mode))
        const { write } = again.store.status()
        if (told) expect(write).toMatchObject({ reason: 'corrupt' })
        counts[write.writable ? 'forgotten' : 'stopped']++
        await expect(again.store.find(1)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
        expect(again.store.status().write).toMatchObject({ reason: 'corrupt' })
        await again.store.close()
      }
    }
    expect(counts.crashes).toBeGreaterThan(5)
    expect(counts.stopped).toBeGreaterThan(0)
    expect(counts.forgotten).toBeGreaterThan(0)
  })

  test('one that is damaged itself stops the store as well, until a repair has looked at every byte', async () => {
    const disk = aged.disk.clone()
    const held = await open(disk)
    rot(disk)
    await held.store.find(1).catch(() => undefined)
    await held.store.close()
    disk.flip(DAMAGE, 70)
    const again = await open(disk)
    expect(again.store.status().write).toMatchObject({ reason: 'corrupt', detail: expect.stringContaining('DAMAGE') })
    await again.store.close()
    expect(await repairStore('/data', { disk, apply: true })).toMatchObject({ applied: true, lost: 1 })
    const accepted = await open(disk)
    expect(accepted.store.status().write).toEqual({ writable: true })
    await accepted.store.close()
  })

  test('of what is sound again it is forgotten by a repair, which gives nothing up', async () => {
    const disk = aged.disk.clone()
    const held = await open(disk)
    rot(disk)
    await held.store.find(1).catch(() => undefined)
    await held.store.close()
    rot(disk)
    const again = await open(disk)
    expect(again.store.status().write).toMatchObject({ reason: 'corrupt' })
    expect(await again.events()).toEqual(aged.events)
    await again.store.close()
    const { clean, findings } = await verifyStore('/data', { disk })
    expect({ clean, files: findings.map(({ file }) => file) }).toEqual({
      clean: false,
      // Made anew while the event was damaged, it does not know the event.
      files: [filesOf(disk, '.idx')[0], DAMAGE],
    })
    const { lost, steps } = await repairStore('/data', { disk, apply: true })
    expect({ lost, steps: steps.map(step => step.do) }).toEqual({ lost: 0, steps: ['forget', 'rebuild index'] })
    expect(await verifyStore('/data', { disk })).toMatchObject({ clean: true, findings: [] })
    const sound = await open(disk)
    await append(sound)
    expect(await sound.events()).toHaveLength(aged.events.length + 1)
    await sound.store.close()
  })

  test('goes with a backup, so that what is restored from it waits for an operator, too', async () => {
    const disk = aged.disk.clone()
    await disk.makeDirectory('/copies')
    const held = await open(disk)
    rot(disk)
    await held.store.find(1).catch(() => undefined)
    await held.store.close()
    expect(await backupStore('/data', '/copies/backup', { disk, proofMs: 0 })).toMatchObject({
      damaged: [filesOf(aged.disk, '.log')[0]],
    })
    await restoreStore('/copies/backup', '/copies/restored', { disk })
    const restored = await AgedStore.open(disk, '/copies/restored', aged.clock, NO_DUTIES)
    await expectStopped(restored)
    await restored.store.close()
  })

  test('a start that makes an index anew does not forget the damage it meets by it', async () => {
    const disk = aged.disk.clone()
    rot(disk)
    await disk.unlink(filesOf(disk, '.idx')[0] as string)
    for (let start = 0; start < 2; start++) {
      const held = await open(disk)
      await expectStopped(held)
      await held.store.close()
    }
  })
})
