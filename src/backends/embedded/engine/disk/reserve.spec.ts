// The reserve: held while there is room, given up when there is none, and the sign that there is room again.
import { expect, test } from '@jest/globals'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { Reserve } from './reserve.js'

const PATH = '/data/RESERVE'
const BYTES = 64 * 1024

function onDiskOf(capacityBytes: number): { disk: FakeDisk; reserve: Reserve } {
  const disk = new FakeDisk({ directories: ['/data'], capacityBytes })
  return { disk, reserve: new Reserve(disk, PATH, BYTES) }
}

test('is a durable file of its size', async () => {
  const { disk, reserve } = onDiskOf(2 ** 20)
  expect(await reserve.fill()).toBe(true)
  expect(disk.afterCrash(1, 'lose-all').bytes(PATH)).toHaveLength(BYTES)
})

test('gives its room back', async () => {
  const { disk, reserve } = onDiskOf(2 ** 20)
  await reserve.fill()
  const before = (await disk.space('/data')).freeBytes
  await reserve.giveUp()
  expect(disk.files()).toEqual([])
  expect((await disk.space('/data')).freeBytes - before).toBeGreaterThanOrEqual(BYTES)
})

test('does not stand on a disk too small for it, and leaves nothing of itself there', async () => {
  const { disk, reserve } = onDiskOf(BYTES / 2)
  expect(await reserve.fill()).toBe(false)
  expect([disk.files(), disk.openFiles]).toEqual([[], []])
})

test('tells that there is room again once twice its size is free, and stands again then', async () => {
  const { disk, reserve } = onDiskOf(3 * BYTES)
  disk.put('/data/other', new Uint8Array(2 * BYTES))
  expect(await reserve.roomAgain()).toBe(false)
  await disk.unlink('/data/other')
  expect(await reserve.roomAgain()).toBe(true)
  expect(disk.files()).toEqual([PATH])
})

test('of no bytes is no file, and never in the way', async () => {
  const disk = new FakeDisk({ directories: ['/data'] })
  const reserve = new Reserve(disk, PATH, 0)
  expect([await reserve.fill(), await reserve.roomAgain(), disk.files()]).toEqual([true, true, []])
})

test('of no bytes does not call a full disk one with room', async () => {
  const disk = new FakeDisk({ directories: ['/data'], capacityBytes: BYTES })
  const reserve = new Reserve(disk, PATH, 0)
  disk.put('/data/other', new Uint8Array(BYTES))
  expect(await reserve.roomAgain()).toBe(false)
  await disk.unlink('/data/other')
  expect(await reserve.roomAgain()).toBe(true)
})
