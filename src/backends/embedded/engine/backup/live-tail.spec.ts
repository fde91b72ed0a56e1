// How far a segment is durable that somebody else is writing: only what the writer itself proves, and all that was acknowledged.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { SegmentImage } from '../../../../../test/support/segment-image.js'
import type { DiskFile } from '../disk/disk.js'
import { NO_HASH } from '../format/bytes.js'
import { footerBytes } from '../format/footer.js'
import { markBytes, markSlot, parseHeader, type SegmentIdentity } from '../format/segment-header.js'
import { LiveTail } from './live-tail.js'

const PATH = '/data/seg.log'
const PATIENT = 60_000
const NOT_WAITING = 0

let disk: FakeDisk
let file: DiskFile

beforeEach(() => {
  disk = new FakeDisk({ directories: ['/data'] })
})

/** What a reader sees of it while nothing of it need be durable. */
async function written(image: SegmentImage): Promise<LiveTail> {
  disk.put(PATH, Buffer.alloc(0))
  file = await disk.open(PATH, { mode: 'write' })
  await file.write([image.bytes], 0)
  return new LiveTail(file, parseHeader(image.bytes) as SegmentIdentity)
}

const two = () => new SegmentImage().with([['a']], [['b'], ['c']])
const three = () => two().with([['d']])

/** Resolves when the tail has been looked at so many times more: each look asks for the size. */
async function looks(count: number): Promise<void> {
  const sizes = () => disk.trace.filter(({ kind }) => kind === 'size').length
  const wanted = sizes() + count
  while (sizes() < wanted) await new Promise(setImmediate)
}

describe('frames that are whole', () => {
  test.each([
    ['the next batch', () => file.write([three().padded(500).bytes], 0)],
    [
      'a mark',
      () =>
        file.write([markBytes({ sequence: 1, clean: false, durable: two().end, head: 3, hash: NO_HASH })], markSlot(1)),
    ],
    ['the footer', () => file.write([footerOf(two())], two().end)],
  ])('count once %s proves them, and not before', async (_, prove) => {
    const tail = await written(two().padded(1_000))
    let settled = false
    const cut = tail.settled(PATIENT).finally(() => {
      settled = true
    })
    await looks(5)
    expect(settled).toBe(false)
    await prove()
    expect(await cut).toMatchObject({ end: two().end, nextPosition: 4 })
  })

  test('count without the one behind them that is still being written', async () => {
    const tail = await written(three().cut(three().end - 20))
    expect(await tail.settled(NOT_WAITING)).toMatchObject({ end: two().end })
  })

  test('count as they are when nobody proves them: then they are made durable here', async () => {
    const tail = await written(two().padded(1_000))
    expect(await tail.settled(NOT_WAITING)).toMatchObject({ end: two().end, nextPosition: 4 })
    const left = disk.afterCrash(1, 'lose-all').bytes(PATH)
    expect(Buffer.from(left).subarray(0, two().end)).toEqual(two().bytes)
  })

  test('are none: the segment begins, and that is its end', async () => {
    const tail = await written(new SegmentImage(7))
    expect(await tail.settled(PATIENT)).toMatchObject({ end: 4_096, nextPosition: 7 })
  })
})

describe('damage', () => {
  const marked = (image: SegmentImage, durable: number) => {
    markBytes({ sequence: 1, clean: false, durable, head: 4, hash: NO_HASH }).copy(image.bytes, markSlot(1))
    return image
  }

  test('where a later frame says that there had been one', async () => {
    const [from] = three().extent(1)
    const tail = await written(
      three()
        .flip(from + 100)
        .padded(500),
    )
    expect(await tail.settled(NOT_WAITING)).toBe(from)
  })

  test('where a mark says that there had been more', async () => {
    const { end } = three()
    const tail = await written(marked(two().padded(500), end))
    expect(await tail.settled(PATIENT)).toBe(two().end)
  })

  test('a frame that does not continue the chain is none of this log', async () => {
    const { end } = two()
    const tail = await written(marked(two().withStranger([['x']]), end + 50))
    expect(await tail.settled(PATIENT)).toBe(end)
  })
})

function footerOf(image: SegmentImage): Buffer {
  return footerBytes({
    firstPosition: 1,
    lastPosition: 3,
    frames: 3,
    dataEnd: image.end,
    sealedMs: 0,
    chain: NO_HASH,
    fileHash: NO_HASH,
    batch: 2,
    lost: 0,
  })
}
