// The pieces of one fetch: read from the system's cache at once where they are small, and none of them left on its own.
import { expect, test } from '@jest/globals'
import type { Segment } from './engine/segment/sealed-segment.js'
import { PieceReader } from './fetches.js'

const LARGE = 100_000

/** A disk that fails every read: the large ones after a while, the small ones at once. */
function failingSegment(): { segment: Segment; started: () => number } {
  let started = 0
  const source = {
    length: 1_000_000,
    read: async () => {
      started++
      await new Promise(setImmediate)
      throw Object.assign(new Error('EIO: read'), { code: 'EIO' })
    },
    readSync: () => {
      throw Object.assign(new Error('EIO: readSync'), { code: 'EIO' })
    },
  }
  return { segment: { source } as unknown as Segment, started: () => started }
}

const extent = (offset: number, length: number) => ({ offset, end: offset + length, members: [] })

test('a read that fails at once does not leave those that were begun before it without anybody who waits for them', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  try {
    const { segment, started } = failingSegment()
    const pieces = new PieceReader()
    const extents = [extent(0, LARGE), extent(200_000, LARGE), extent(400_000, 100)]
    await expect((async () => pieces.readAll(segment, extents))()).rejects.toMatchObject({ code: 'EIO' })
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
    expect(started()).toBe(2)
    expect(unhandled).toEqual([])
  } finally {
    process.off('unhandledRejection', note)
  }
})
