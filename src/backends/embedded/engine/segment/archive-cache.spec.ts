// However many segments are archived, only a few archives are open, and any can be read at any time.
import { beforeAll, expect, test } from '@jest/globals'
import { AgedStore, agedDisk } from '../../../../../test/support/aged-store.js'
import type { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { FilePool } from '../disk/file-pool.js'
import { archiveSource, SEEK_FOOTER_BYTES } from './archive-bytes.js'
import { ArchiveCache, OPEN_ARCHIVES } from './archive-cache.js'

const ARCHIVES = OPEN_ARCHIVES + 5
let disk: FakeDisk
let paths: string[]

beforeAll(async () => {
  const aged = await agedDisk(ARCHIVES + 7)
  disk = aged.disk
  const held = await AgedStore.open(disk, '/data', aged.clock)
  for (let pass = 0; pass < ARCHIVES; pass++) await held.store.maintenance.pass()
  expect(await held.events()).toEqual(aged.events)
  await held.store.close()
  paths = disk.files().filter(path => path.endsWith('.zst'))
  expect(paths).toHaveLength(ARCHIVES)
})

async function sourceOf(shelf: ArchiveCache, pool: FilePool, path: string) {
  const fresh = await archiveSource(pool, path)
  return { source: shelf.source(path, fresh.packedLength, fresh.length), whole: await fresh.read(0, fresh.length) }
}

test('no more than a number of archives are open', async () => {
  const pool = new FilePool(disk, 4)
  const shelf = new ArchiveCache(pool)
  for (const turn of [0, 1]) {
    for (const [at, path] of paths.entries()) {
      const { source, whole } = await sourceOf(shelf, pool, path)
      const read = at % 2 === turn ? source.readSync(0, whole.length) : await source.read(0, whole.length)
      expect(read.equals(whole)).toBe(true)
      expect(shelf.size).toBeLessThanOrEqual(OPEN_ARCHIVES)
    }
  }
  expect(shelf.size).toBe(OPEN_ARCHIVES)
  await pool.closeAll()
})

test('an archive that was put away is opened without its seek table as well, whether or not anybody can wait', async () => {
  const damaged = disk.clone()
  const path = paths[0] as string
  const pool = new FilePool(damaged, 4)
  const { whole } = await sourceOf(new ArchiveCache(pool), pool, path)
  const size = damaged.bytes(path).length
  damaged.flip(path, size - SEEK_FOOTER_BYTES)
  for (const shelf of [new ArchiveCache(pool), new ArchiveCache(pool)]) {
    const source = shelf.source(path, size, whole.length)
    expect(source.readSync(0, whole.length).equals(whole)).toBe(true)
    expect((await source.read(0, whole.length)).equals(whole)).toBe(true)
  }
  const waiting = new ArchiveCache(pool).source(path, size, whole.length)
  expect((await waiting.read(0, whole.length)).equals(whole)).toBe(true)
  await pool.closeAll()
})

test('a chunk that could not be unpacked once is read from the disk again', async () => {
  const damaged = disk.clone()
  const path = paths[0] as string
  const pool = new FilePool(damaged, 4)
  const { source, whole } = await sourceOf(new ArchiveCache(pool), pool, path)
  damaged.flip(path, 0)
  expect((await source.read(0, whole.length)).equals(Buffer.alloc(whole.length))).toBe(true)
  damaged.flip(path, 0)
  expect((await source.read(0, whole.length)).equals(whole)).toBe(true)
  expect(source.readSync(0, whole.length).equals(whole)).toBe(true)
  await pool.closeAll()
})
