// The disk runs full at every size and the descriptors run out at every number: what fits is kept, the rest is refused, nothing is damage.
import { expect, test } from '@jest/globals'
import type { EmbeddedStore } from '../../src/backends/embedded/embedded-store.js'
import { SEED, stride, tell } from '../support/effort.js'
import { FakeDisk } from '../support/fake-disk.js'
import { ManualClock } from '../support/manual-clock.js'
import { AckJournal, cataloguedCode, must } from './ack-journal.js'
import { Life, liveThroughAll } from './life.js'
import { everything, openTiny } from './tiny-store.js'

const BALLAST = '/ballast'
const NEEDED = 300_000

interface Counts {
  cases: number
  fullStarts: number
  refused: number
  stored: number
}

async function checked(store: EmbeddedStore, journal: AckJournal): Promise<void> {
  const { damaged } = store.status()
  must(damaged.length === 0, () => `a full disk is taken for damage: ${JSON.stringify(damaged)}`)
  journal.check(await everything(store))
}

async function recovered(disk: FakeDisk, journal: AckJournal): Promise<void> {
  const store = await openTiny(disk, new ManualClock())
  must(store.status().write.writable, () => `after the crash: ${JSON.stringify(store.status().write)}`)
  await checked(store, journal)
  await store.close()
}

/** Opens unless there is no room even for that, which must be said by name. */
async function openIfItFits(life: Life, counts: Counts): Promise<void> {
  try {
    await life.open()
    if (life.store?.status().write.writable === false) counts.fullStarts++
  } catch (error) {
    const code = cataloguedCode(error)
    must(['DISK_FULL', 'STORAGE_UNAVAILABLE'].includes(code), () => `a full disk is called ${code}`)
    counts.fullStarts++
  }
}

async function liveWithin(roomBytes: number, counts: Counts): Promise<void> {
  const disk = new FakeDisk({ directories: ['/'], seed: SEED, capacityBytes: NEEDED })
  disk.put(BALLAST, new Uint8Array(NEEDED - roomBytes))
  const journal = new AckJournal()
  const life = new Life(disk, new ManualClock(), journal, () => true)
  await openIfItFits(life, counts)
  await liveThroughAll(life, async () => {
    await life.close()
    await openIfItFits(life, counts)
  })
  if (life.store !== undefined) await checked(life.store, journal)
  for (const { outcome, code } of journal.attempts) {
    must(outcome !== 'indeterminate', () => 'a full disk leaves an append indeterminate')
    must(code === undefined || ['DISK_FULL', 'REVISION_CONFLICT'].includes(code), () => `a full disk is called ${code}`)
    if (outcome === 'stored') counts.stored++
    else counts.refused++
  }
  await recovered(roomyAfter(disk, 'lose-all'), journal)
  await recovered(roomyAfter(disk, 'keep-all'), journal)
  await disk.unlink(BALLAST)
  await disk.syncDirectory('/')
  if (life.store === undefined) await life.open()
  const { outcome, code } = await life.append([{ stream: 'orders', filler: 2_000 }])
  must(outcome === 'stored', () => `there is room again, and an append is ${outcome} (${code})`)
  await checked(life.store as EmbeddedStore, journal)
  await life.close()
  must(disk.openFiles.length === 0, () => `still open: ${disk.openFiles.join()}`)
  await recovered(disk.afterCrash(SEED, 'lose-all'), journal)
  counts.cases++
}

function roomyAfter(disk: FakeDisk, mode: 'lose-all' | 'keep-all'): FakeDisk {
  const after = disk.clone().afterCrash(SEED, mode)
  after.put(BALLAST, new Uint8Array(0))
  return after
}

test('a disk of any size keeps what fits, refuses the rest by name, and goes on when there is room', async () => {
  const counts: Counts = { cases: 0, fullStarts: 0, refused: 0, stored: 0 }
  for (let room = 0; room < 190_000; room += stride(509, 1_523)) {
    try {
      await liveWithin(room, counts)
    } catch (error) {
      throw new Error(`with room for ${room} bytes, SEED=${SEED}`, { cause: error })
    }
  }
  tell('full disk', { ...counts })
  for (const [what, count] of Object.entries(counts)) must(count > 0, () => `this gate proved nothing: ${what} 0`)
}, 3_600_000)

test('a disk without a free inode is full, not damaged', async () => {
  const disk = new FakeDisk({ directories: ['/'], seed: SEED, capacityInodes: 4 })
  const journal = new AckJournal()
  const life = new Life(disk, new ManualClock(), journal, () => true)
  await life.open().catch(error => expect(['DISK_FULL', 'STORAGE_UNAVAILABLE']).toContain(cataloguedCode(error)))
  await liveThroughAll(life, async () => undefined)
  await life.close()
  expect(disk.openFiles).toEqual([])
  const store = await openTiny(disk.afterCrash(SEED, 'lose-all'), new ManualClock())
  await checked(store, journal)
  await store.close()
})

test('with any number of descriptors a store works or says why not, and too few are never damage', async () => {
  let failedStarts = 0
  let refused = 0
  for (let descriptors = 0; descriptors < 12; descriptors++) {
    const disk = new FakeDisk({ directories: ['/'], seed: SEED, descriptors })
    const journal = new AckJournal()
    const life = new Life(disk, new ManualClock(), journal, () => true)
    const counts: Counts = { cases: 0, fullStarts: 0, refused: 0, stored: 0 }
    await openIfItFits(life, counts)
    await liveThroughAll(life, async () => {
      await life.close()
      await openIfItFits(life, counts)
    })
    failedStarts += counts.fullStarts
    refused += journal.attempts.filter(({ outcome }) => outcome === 'rejected').length
    await life.close()
    must(disk.openFiles.length === 0, () => `still open: ${disk.openFiles.join()}`)
    const after = disk.afterCrash(SEED, 'lose-all')
    const roomy = new FakeDisk({ directories: ['/'], seed: SEED })
    for (const path of after.files()) roomy.put(path, after.bytes(path))
    await recovered(roomy, journal)
  }
  tell('too few descriptors', { failedStarts, refused })
  must(failedStarts > 0, () => 'this gate proved nothing: the descriptors never ran out')
})

test('what a store shows that finds no room at its start is still there after the next power loss', async () => {
  const counts = { starts: 0, shown: 0 }
  for (let seed = 1; seed <= 40; seed++) {
    const disk = new FakeDisk({ directories: ['/'], seed })
    const journal = new AckJournal()
    const life = new Life(disk, new ManualClock(), journal, () => disk.powered)
    await life.open()
    await life.append([{ stream: 'orders' }])
    disk.arm({ dieAt: 1, only: (kind, path) => kind === 'write' && path.includes('.log') })
    await life.append([{ stream: 'orders' }, { stream: 'visits' }]).catch(() => undefined)
    const killed = disk.afterCrash(seed, 'kill')
    killed.arm({ failFrom: 1, code: 'ENOSPC', only: kind => kind === 'write' })
    const full = await openTiny(killed, new ManualClock())
    expect(full.status().write).toMatchObject({ writable: false, reason: 'disk_full' })
    const shown = await everything(full)
    for (const event of shown) journal.saw(event)
    counts.starts++
    counts.shown += shown.length
    await recovered(killed.afterCrash(seed, 'lose-all'), journal)
  }
  tell('shown on a full disk', counts)
  must(counts.shown > counts.starts, () => 'this gate proved nothing: no unacknowledged event was shown')
})
