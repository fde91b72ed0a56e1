// Numbers that lie across two pages, and a file of a header alone.
import { expect, test } from '@jest/globals'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { PAGE_BYTES, pageIsWhole } from './index-format.js'
import { PageWriter } from './page-writer.js'

const PATH = '/data/pages'
const HEADER = Buffer.alloc(PAGE_BYTES, 9)

async function written(fill: (writer: PageWriter) => void): Promise<Buffer> {
  const disk = new FakeDisk({ directories: ['/', '/data'] })
  const file = await disk.open(PATH, { mode: 'create' })
  const writer = new PageWriter(file, 0)
  fill(writer)
  await writer.finish(HEADER)
  await file.close()
  return Buffer.from(disk.bytes(PATH))
}

test.each([0, 1, 2, 3, 4])('a number that begins %i bytes before the end of a page is read again', async before => {
  const content = PAGE_BYTES - 4
  const bytes = await written(writer => {
    writer.bytes(Buffer.alloc(content - before, 1))
    writer.u32(0x01020304)
    writer.bytes(Buffer.alloc(8, 2))
    writer.endSection()
  })
  const pages = [1, 2].map(page => bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES))
  const joined = Buffer.concat(pages.map(page => page.subarray(0, content)))
  expect(joined.readUInt32LE(content - before)).toBe(0x01020304)
  expect(pages.map((page, at) => pageIsWhole(page, at + 1))).toEqual([true, true])
})

test('nothing but a header is a page', async () => {
  expect(await written(() => undefined)).toEqual(HEADER)
})
