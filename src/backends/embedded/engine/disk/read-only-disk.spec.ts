// A disk for whoever only looks: everything can be read through it, and nothing is changed, whatever is asked of it.
import { beforeEach, expect, test } from '@jest/globals'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { ReadOnlyDisk } from './read-only-disk.js'

let disk: FakeDisk
let looking: ReadOnlyDisk

beforeEach(() => {
  disk = new FakeDisk({ directories: ['/data'] })
  disk.put('/data/file', Buffer.from('what is there'))
  looking = new ReadOnlyDisk(disk)
})

test('what is there is read, listed and measured', async () => {
  const into = Buffer.alloc(4)
  const file = await looking.open('/data/file', { mode: 'read' })
  expect([await file.read(into, 5), into.toString()]).toEqual([4, 'is t'])
  await file.close()
  expect(await looking.list('/data')).toEqual(['file'])
  expect(await looking.space('/data')).toEqual(await disk.space('/data'))
  expect(await looking.fileSystem('/data')).toBe(await disk.fileSystem())
})

test.each([
  ['a file is made', (on: ReadOnlyDisk) => on.open('/data/new', { mode: 'create' })],
  ['a directory is made', (on: ReadOnlyDisk) => on.makeDirectory('/data/new')],
  ['a file is renamed', (on: ReadOnlyDisk) => on.rename('/data/file')],
  ['a file is removed', (on: ReadOnlyDisk) => on.unlink('/data/file')],
  ['a directory is synced', (on: ReadOnlyDisk) => on.syncDirectory('/data')],
  ['a lock is taken', (on: ReadOnlyDisk) => on.lock('/data/LOCK')],
])('it is refused as on a volume that is mounted read-only that %s', async (_, change) => {
  await expect(change(looking)).rejects.toMatchObject({ code: 'EROFS' })
  expect(disk.files()).toEqual(['/data/file'])
})
