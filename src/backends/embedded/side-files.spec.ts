// Files beside the log that were wrong: the latest of them stay as evidence, whatever they are called.
import { expect, test } from '@jest/globals'
import { FakeDisk } from '../../../test/support/fake-disk.js'
import { SideFiles } from './side-files.js'

const KEPT = 100

test('of the files that were wrong the oldest go, not those whose names come first', async () => {
  const disk = new FakeDisk({ directories: ['/data'] })
  const files = new SideFiles(disk, '/data/beside')
  await files.open()
  // From now on every name comes before those of the evidence that is there.
  const names = Array.from({ length: KEPT + 20 }, (_, n) => `file-${String(KEPT + 20 - n).padStart(4, '0')}`)
  for (const name of names) {
    await files.write(name, [Buffer.from(name)])
    await files.quarantine(name)
  }
  const kept = disk.files().filter(path => path.startsWith('/data/beside/quarantine/'))
  const contents = kept.map(path => Buffer.from(disk.bytes(path)).toString())
  expect(contents.sort()).toEqual(names.slice(-KEPT).sort())
})

test('evidence of the same name as earlier evidence replaces none of it, after a restart neither', async () => {
  const disk = new FakeDisk({ directories: ['/data'] })
  disk.put('/data/beside/quarantine/a', Buffer.from('of an earlier version'))
  for (const content of ['first', 'second']) {
    const files = new SideFiles(disk, '/data/beside')
    await files.open()
    await files.write('a', [Buffer.from(content)])
    await files.quarantine('a')
  }
  const kept = disk.files().filter(path => path.startsWith('/data/beside/quarantine/'))
  expect(kept.map(path => Buffer.from(disk.bytes(path)).toString()).sort()).toEqual([
    'first',
    'of an earlier version',
    'second',
  ])
})

test('a file that cannot be put aside stays, and the error is that of the disk; one that is gone is no error', async () => {
  const disk = new FakeDisk({ directories: ['/data'] })
  const files = new SideFiles(disk, '/data/beside')
  await files.open()
  await files.quarantine('nothing')
  await files.write('a', [Buffer.from('wrong')])
  disk.arm({ failAt: 1, code: 'EIO', only: kind => kind === 'rename' })
  await expect(files.quarantine('a')).rejects.toMatchObject({ code: 'EIO' })
  expect(disk.files()).toEqual(['/data/beside/a'])
})
