// A restore up to a position or a time: what lies behind it is not there, and everything before it is, proven by the chain.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { everything } from '../../../test/crash/tiny-store.js'
import { AgedStore, EVENTS_A_DAY } from '../../../test/support/aged-store.js'
import { FakeDisk } from '../../../test/support/fake-disk.js'
import { ManualClock } from '../../../test/support/manual-clock.js'
import type { RecordedEvent } from '../../contract/event.js'
import { backupStore, restoreStore } from './backup-store.js'
import { type EmbeddedStore, openEmbedded } from './embedded-store.js'
import { repairStore } from './verify-store.js'

const DATA = '/data'
const BACKUP = '/backup'
const DAYS = 4
/** The record of the first event of a segment begins at this byte. */
const RECORD = 4096 + 76 + 36
const BATCH = 5

let disk: FakeDisk
let clock: ManualClock
let aged: AgedStore
/** Everything that was backed up. */
let events: readonly RecordedEvent[]

beforeEach(async () => {
  disk = new FakeDisk({ directories: ['/'] })
  clock = new ManualClock()
  aged = await AgedStore.open(disk, DATA, clock, { archiveAfterDays: 1 })
  for (let day = 0; day < DAYS; day++) await aged.day()
  // The last append is one of several events.
  await aged.store.append({ events: batch(BATCH), author: { agentId: 'writer' } })
  while (await aged.store.maintenance.pass());
  events = await everything(aged.store)
  await backupStore(DATA, BACKUP, { disk, proofMs: 0 })
})

afterEach(() => aged.abandon())

const batch = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ type: 'batch', stream: 'batches', data: { n } }))

const restore = (to: number | string, directory = '/restored') =>
  restoreStore(BACKUP, directory, { disk, verify: true, to })

async function opened<T>(directory: string, work: (store: EmbeddedStore) => Promise<T>): Promise<T> {
  const store = await openEmbedded({ directory, nodeId: 'node-1', disk, clock, reserveBytes: 0, presizeBytes: 0 })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

async function isCutAt(position: number, directory = '/restored'): Promise<void> {
  await opened(directory, async store => {
    expect(store.status()).toMatchObject({ head: position, write: { writable: true }, damaged: [] })
    expect(await everything(store)).toEqual(events.slice(0, position))
  })
}

test('the backup has archived, sealed and open segments to be cut', () => {
  expect(aged.told.archived.length).toBeGreaterThan(0)
  expect(events).toHaveLength(DAYS * EVENTS_A_DAY + BATCH)
})

// The first event, the middle and both sides of the ends of segments, of which the earlier ones are archived.
test.each([1, 6, 7, 8, 14, 15, 28])(
  'up to position %i has exactly what was stored up to it, and begins a lineage that forks there',
  async position => {
    const { restored, verified, manifest, lineage } = await restore(position)
    expect([restored, verified?.clean, verified?.head]).toEqual([true, true, position])
    expect(verified?.chain).toBe(manifest.head.chain)
    expect(lineage.ancestors).toEqual([{ id: aged.store.lineage().id, fork: position }])
    await isCutAt(position)
  },
)

test('a cut inside an append goes before it, and one at its end keeps it', async () => {
  const before = DAYS * EVENTS_A_DAY
  for (let inside = before + 1; inside < before + BATCH; inside++) {
    await restore(inside, `/inside-${inside}`)
    await isCutAt(before, `/inside-${inside}`)
  }
  await restore(before + BATCH, '/whole')
  await isCutAt(before + BATCH, '/whole')
})

test('up to a time has every event of that time or earlier, and no other', async () => {
  for (const at of [0, 6, 7, 13, DAYS * EVENTS_A_DAY - 1]) {
    const { timestamp } = events[at] as RecordedEvent
    const kept = events.filter(event => event.timestamp <= timestamp).length
    const directory = `/up-to-${at}`
    expect((await restore(timestamp, directory)).manifest.head.position).toBe(kept)
    await isCutAt(kept, directory)
  }
})

test('the restored store takes appends behind the cut, which are other events than those of the original', async () => {
  await restore(9)
  await opened('/restored', async store => {
    const { firstPosition } = await store.append({ events: batch(1), author: { agentId: 'writer' } })
    expect(firstPosition).toBe(10)
    expect((await store.find(10))?.checksum).not.toBe(events[9]?.checksum)
  })
})

test.each([
  ['a position that the backup has not reached', DAYS * EVENTS_A_DAY + BATCH + 1, 'ends with position 33'],
  ['a time after it was begun', '2999-01-01T00:00:00Z', 'may lack what came later'],
  ['a time before everything', '1999-01-01T00:00:00Z', 'nothing would be left'],
])('%s is refused, and nothing is made', async (_, to, words) => {
  await expect(restore(to)).rejects.toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining(words) })
  expect(disk.files().filter(path => path.startsWith('/restored'))).toEqual([])
})

test('of a store whose beginning retention has taken, the copy begins where the store does', async () => {
  await aged.store.close()
  aged = await AgedStore.open(disk, DATA, clock, { archiveAfterDays: 1, retainArchivesDays: 2 })
  while (await aged.store.maintenance.pass());
  const { first } = aged.store.status()
  expect(first).toBeGreaterThan(1)
  await backupStore(DATA, BACKUP, { disk, proofMs: 0 })
  await restore(first + 2)
  await opened('/restored', async store => {
    expect(store.status()).toMatchObject({ first, head: first + 2, write: { writable: true } })
    expect(await everything(store)).toEqual(events.slice(first - 1, first + 2))
  })
})

test('a directory that holds anything is refused, the original above all', async () => {
  await restore(9)
  await expect(restore(8)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  await aged.store.close()
  await expect(restore(8, DATA)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  await isCutAt(9)
})

describe('a backup that is damaged', () => {
  const copy = (part: string) => disk.files().find(path => path.includes(part)) as string
  const second = `seg-${String(EVENTS_A_DAY * 2 + 1).padStart(16, '0')}`

  test('behind the cut is restored all the same', async () => {
    await disk.unlink(copy(`files/${second}`))
    await restore(EVENTS_A_DAY * 2)
    await isCutAt(EVENTS_A_DAY * 2)
  })

  test('before the cut is refused by name', async () => {
    const path = copy(`files/${second}`)
    await disk.unlink(path)
    await expect(restore(EVENTS_A_DAY * 2 + 3)).rejects.toMatchObject({
      code: 'DATA_CORRUPT',
      message: expect.stringContaining(path),
    })
  })

  test.each([
    ['in its header block', 0],
    ['in the event before the cut', RECORD + 20],
    ['in the head of its first frame', 4096 + 8],
  ])('%s, in a segment that the cut goes through, is refused by name', async (_, at) => {
    const path = copy(`files/seg-${String(EVENTS_A_DAY * 3 + 1).padStart(16, '0')}`)
    disk.flip(path, at)
    await expect(restore(EVENTS_A_DAY * 3 + 3)).rejects.toMatchObject({
      code: 'DATA_CORRUPT',
      message: expect.stringContaining(path),
    })
    expect(disk.files().filter(file => file.startsWith('/restored'))).toEqual([])
  })

  test('in an archive that the cut goes through is refused by name', async () => {
    const path = copy(`files/${second}`)
    expect(path).toMatch(/\.zst$/)
    disk.cut(path, 100)
    await expect(restore(EVENTS_A_DAY * 2 + 3)).rejects.toMatchObject({
      code: 'DATA_CORRUPT',
      message: expect.stringContaining(path),
    })
  })
})

describe('damage that an operator has accepted', () => {
  const [OTHER, COPY, RESTORED] = ['/other', '/copy', '/cut'] as const

  beforeEach(async () => {
    const store = await AgedStore.open(disk, OTHER, clock)
    for (let day = 0; day < DAYS; day++) await store.day()
    await store.store.close()
    const segments = disk.files().filter(path => path.startsWith(OTHER) && path.endsWith('.log'))
    for (const at of [0, 2]) disk.flip(segments[at] as string, RECORD + 20)
    await repairStore(OTHER, { disk, apply: true })
    await backupStore(OTHER, COPY, { disk, proofMs: 0 })
  })

  const restoredTo = async (to: number) => {
    await restoreStore(COPY, RESTORED, { disk, verify: true, to })
    return opened(RESTORED, async store => {
      const { head, write, damaged } = store.status()
      return { head, writable: write.writable, damaged: damaged.map(({ from, to: last }) => [from, last]) }
    })
  }

  test('goes along as far as it lies before the cut', async () => {
    expect(await restoredTo(EVENTS_A_DAY + 3)).toEqual({ head: EVENTS_A_DAY + 3, writable: true, damaged: [[1, 1]] })
  })

  test('that a fact of the backup tells and cannot be read is refused by name', async () => {
    const accepted = disk.files().find(path => path.startsWith(COPY) && path.includes('ACCEPTED')) as string
    disk.flip(accepted, 3)
    await expect(restoredTo(EVENTS_A_DAY + 3)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
  })
})
