// What is copied for a backup: whole, with its hash, and durable bit by bit, so that no sync is of a gigabyte.
import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { type Content, copyContent } from './copy-content.js'

const TO = '/data/copy'

function content(length: number, given = (wanted: number) => wanted): Content {
  return { length, read: async into => given(into.fill(7).length) }
}

test('of forty megabytes no more than sixteen wait for the disk at once', async () => {
  const disk = new FakeDisk({ directories: ['/', '/data'] })
  const length = 40 * 1024 * 1024
  // The third sync is that of the rest.
  disk.arm({ failAt: 3, code: 'EIO', only: kind => kind === 'sync' })
  await expect(copyContent(disk, content(length), TO)).rejects.toMatchObject({ code: 'EIO' })
  await disk.unlink(TO)
  disk.heal()
  const sha256 = createHash('sha256').update(Buffer.alloc(length, 7)).digest('hex')
  expect(await copyContent(disk, content(length), TO)).toMatchObject({ bytes: length, sha256 })
})

test('what becomes shorter while it is copied is no copy', async () => {
  const disk = new FakeDisk({ directories: ['/', '/data'] })
  await expect(
    copyContent(
      disk,
      content(5_000, wanted => wanted - 1),
      TO,
    ),
  ).rejects.toMatchObject({ code: 'EIO' })
  expect(disk.openFiles).toEqual([])
})

test('a disk that takes less is full', async () => {
  const disk = new FakeDisk({ directories: ['/', '/data'] })
  disk.arm({ failAt: 1, code: 'short', only: kind => kind === 'write' })
  await expect(copyContent(disk, content(5_000), TO)).rejects.toMatchObject({ code: 'ENOSPC' })
})
