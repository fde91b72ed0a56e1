// The lineage of a store: made with it, kept over restarts, and renewed by every restore.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { AgedStore, EVENTS_A_DAY } from '../../../test/support/aged-store.js'
import { FakeDisk } from '../../../test/support/fake-disk.js'
import { ManualClock } from '../../../test/support/manual-clock.js'
import type { Lineage } from '../../contract/lineage.js'
import { backupStore, restoreStore } from './backup-store.js'
import { openEmbedded } from './embedded-store.js'

const DATA = '/data'
const BACKUP = '/backup'
const LINEAGE = `${DATA}/LINEAGE`

let disk: FakeDisk
let clock: ManualClock
let aged: AgedStore

beforeEach(async () => {
  disk = new FakeDisk({ directories: ['/'] })
  clock = new ManualClock()
  aged = await AgedStore.open(disk, DATA, clock)
  await aged.day()
  await aged.day()
})

afterEach(() => aged.abandon())

const backup = (of = DATA, to = BACKUP) => backupStore(of, to, { disk, proofMs: 0 })
const restore = (to: string, from = BACKUP) => restoreStore(from, to, { disk, verify: true })

async function lineageIn(directory: string): Promise<Lineage> {
  const store = await openEmbedded({ directory, nodeId: 'node-1', disk, clock, reserveBytes: 0, presizeBytes: 0 })
  const lineage = store.lineage()
  await store.close()
  return lineage
}

async function stopped(): Promise<Lineage> {
  const lineage = aged.store.lineage()
  await aged.store.close()
  return lineage
}

test('it is the id of the store at first, and stays over restarts, with an epoch that rises', async () => {
  const { manifest } = await backup()
  const before = await stopped()
  expect(before).toMatchObject({ id: manifest.store, ancestors: [] })
  const after = await lineageIn(DATA)
  expect(after).toEqual({
    ...before,
    epoch: before.epoch + 1,
    epochSince: new Date(Number(clock.now() / 1_000_000n)).toISOString(),
  })
})

test('a restore begins a new one, whose parent is what was backed up, up to where that ended', async () => {
  await backup()
  const parent = await stopped()
  const { lineage } = await restore('/restored')
  const head = 2 * EVENTS_A_DAY
  expect(lineage.ancestors).toEqual([{ id: parent.id, fork: head }])
  expect(lineage.id).toMatch(/^[0-9a-f]{32}$/)
  expect(await lineageIn('/restored')).toMatchObject({ ...lineage })
  const other = await restore('/restored-once-more')
  expect(other.lineage.id).not.toBe(lineage.id)
})

test('a restore of the backup of a restored store knows all that came before', async () => {
  const { id: first } = aged.store.lineage()
  await backup()
  const { lineage: second } = await restore('/second')
  await lineageIn('/second')
  await backup('/second', '/backup-of-the-second')
  const { lineage: third } = await restore('/third', '/backup-of-the-second')
  const fork = 2 * EVENTS_A_DAY
  expect(third.ancestors).toEqual([
    { id: second.id, fork },
    { id: first, fork },
  ])
})

test('a directory of an older release, without one, gets the file at its first open for writing', async () => {
  const { id, since } = await stopped()
  await disk.unlink(LINEAGE)
  await disk.syncDirectory(DATA)
  expect((await lineageIn(DATA)).id).toBe(id)
  expect(disk.files()).toContain(LINEAGE)
  expect(since).toMatch(/Z$/)
})

test('a damaged one is replaced by one that has nothing in common with what readers know', async () => {
  const { id } = await stopped()
  disk.flip(LINEAGE, 70)
  const renewed = await lineageIn(DATA)
  expect(renewed.id).not.toBe(id)
  expect(renewed.ancestors).toEqual([])
  expect((await lineageIn(DATA)).id).toBe(renewed.id)
})
