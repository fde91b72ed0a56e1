// The files that every backend keeps beside its events, held to one suite.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { SideFiles } from '../../src/backends/embedded/side-files.js'
import { MemorySideStore } from '../../src/backends/memory/memory-side-store.js'
import type { SideStore } from '../../src/contract/side-store.js'
import { FakeDisk } from '../support/fake-disk.js'

const MOST = 1_000
const bytes = (text: string) => Buffer.from(text)

describe.each([
  ['the embedded backend', () => new SideFiles(new FakeDisk({ directories: ['/data'] }), '/data/beside')],
  ['the memory backend', () => new MemorySideStore()],
])('the side store of %s', (_name, make: () => SideStore) => {
  let files: SideStore

  beforeEach(async () => {
    files = make()
    await files.open()
  })

  test('gives back what was written, whatever its pieces were', async () => {
    await files.write('a', [bytes('one '), bytes('and two')])
    expect(await files.read('a', MOST)).toEqual(bytes('one and two'))
    expect(await files.read('a', 5)).toEqual(bytes('one a'))
  })

  test('has no file that was not written', async () => {
    expect([await files.read('a', MOST), await files.list()]).toEqual([undefined, []])
  })

  test('lists its files by their names', async () => {
    for (const name of ['b', 'c', 'a']) await files.write(name, [bytes(name)])
    expect(await files.list()).toEqual(['a', 'b', 'c'])
  })

  test('replaces a file as a whole', async () => {
    await files.write('a', [bytes('a long one')])
    await files.write('a', [bytes('short')])
    expect(await files.read('a', MOST)).toEqual(bytes('short'))
  })

  test('keeps what was written, whatever becomes of the bytes afterwards', async () => {
    const given = bytes('given')
    await files.write('a', [given])
    given.fill(0)
    ;(await files.read('a', MOST))?.fill(0)
    expect(await files.read('a', MOST)).toEqual(bytes('given'))
  })

  test('removes a file, and minds none that is not there', async () => {
    await files.write('a', [bytes('a')])
    await files.remove('a')
    await files.remove('a')
    expect([await files.read('a', MOST), await files.list()]).toEqual([undefined, []])
  })

  test('takes a file that is wrong out of sight, and minds none that is not there', async () => {
    await files.write('a', [bytes('wrong')])
    await files.quarantine('a')
    await files.quarantine('a')
    await files.write('a', [bytes('right')])
    expect([await files.list(), await files.read('a', MOST)]).toEqual([['a'], bytes('right')])
  })

  test('knows what room there is', async () => {
    const { totalBytes, freeBytes } = await files.room()
    expect(freeBytes).toBeGreaterThan(0)
    expect(totalBytes).toBeGreaterThanOrEqual(freeBytes)
  })
})
