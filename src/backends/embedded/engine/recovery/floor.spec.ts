// A floor that cannot be written as it is: refused, and the store goes on.
import { expect, test } from '@jest/globals'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { Latch } from '../disk/latch.js'
import { Layout } from '../format/names.js'
import { NO_FLOOR, readFloor, writeFloor } from './floor.js'

test('a floor that carries too much is refused before anything is written, and latches nothing', async () => {
  const disk = new FakeDisk({ directories: ['/data'] })
  const latch = new Latch()
  const files = { disk, latch, layout: new Layout('/data') }
  await writeFloor(files, { ...NO_FLOOR, nextPosition: 8 })
  const carried = new Map([['s'.repeat(17 * 1024 * 1024), [1, 2] as const]])
  await expect(writeFloor(files, { ...NO_FLOOR, carried })).rejects.toBeInstanceOf(RangeError)
  expect(latch.latched).toBe(false)
  expect(await readFloor(files)).toMatchObject({ nextPosition: 8 })
})
