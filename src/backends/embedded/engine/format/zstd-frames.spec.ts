// Frames that zstd itself has made are found by their headers, up to the first that is cut off or no frame.
import { constants, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { Random } from '../../../../../test/support/random.js'
import { walkZstdFrames, type ZstdFrame } from './zstd-frames.js'

const random = new Random(1)
/** So long that their sizes take one, two, four bytes in a header; of one byte again and again, of noise, of words. */
const CONTENTS = [0, 1, 255, 256, 65_791, 65_792, 300_000].flatMap(length => [
  Buffer.alloc(length, 'a'),
  Buffer.from(Array.from({ length }, () => random.below(256))),
  Buffer.from('an agent appends an event '.repeat(Math.ceil(length / 26)).slice(0, length)),
])

const packed = (content: Buffer, checksum = 0) =>
  zstdCompressSync(content, {
    pledgedSrcSize: content.length,
    params: { [constants.ZSTD_c_checksumFlag]: checksum, [constants.ZSTD_c_contentSizeFlag]: 1 },
  })

function walked(file: Buffer): ZstdFrame[] {
  const walk = walkZstdFrames(file.length)
  let step = walk.next()
  while (!step.done) step = walk.next(file.subarray(step.value.at, step.value.at + step.value.length))
  return step.value
}

describe.each([
  ['without checksums', 0],
  ['with checksums', 1],
])('frames %s', (_, checksum) => {
  const parts = CONTENTS.map(content => packed(content, checksum))
  // A header is read at its longest, which the shortest of frames at the end of a file does not reach.
  const file = Buffer.concat([...parts, packed(Buffer.alloc(1_000, 'b'), checksum), Buffer.alloc(20)])

  test('are told with their places, their lengths, and what they unpack to', () => {
    let offset = 0
    const expected = parts.map((part, at) => {
      const frame = { offset, packed: part.length, bytes: CONTENTS[at]?.length }
      offset += part.length
      return frame
    })
    expect(walked(file).slice(0, -1)).toEqual(expected)
    expect(walked(file).at(-1)).toMatchObject({ offset, bytes: 1_000 })
  })

  test('are told up to the one that is cut off, wherever it is cut', () => {
    const ends = parts.map((_, at) => parts.slice(0, at + 1).reduce((sum, { length }) => sum + length, 0))
    for (let cut = 1; cut < file.length; cut += 997) {
      const whole = walked(file.subarray(0, cut)).map(({ offset, packed: length }) => offset + length)
      expect(whole.every(end => ends.includes(end) || end > (ends.at(-1) as number))).toBe(true)
      expect(whole.length).toBeGreaterThanOrEqual(ends.filter(end => end + 18 <= cut).length - 1)
    }
  })
})

describe('no frame is', () => {
  const sound = packed(Buffer.alloc(70_000, 'a'))
  const changed = (change: (file: Buffer) => void) => {
    const file = Buffer.concat([sound, Buffer.alloc(20)])
    change(file)
    return walked(file)
  }

  test('what begins with other bytes', () => {
    expect(changed(() => undefined)).toHaveLength(1)
    expect(changed(file => file.writeUInt8(0, 0))).toEqual([])
  })

  test('one with a block of the kind that is reserved', () => {
    const block = sound.length - packedBlockLength()
    expect(changed(file => file.writeUInt8((file[block] as number) | 6, block))).toEqual([])
  })

  test('one whose header does not say what it unpacks to, or says more than a number can be', () => {
    const sizes = (flag: number, bytes: Buffer) =>
      Buffer.concat([
        Buffer.from([0x28, 0xb5, 0x2f, 0xfd, flag << 6, 0]),
        bytes,
        Buffer.from([1, 0, 0]),
        Buffer.alloc(20),
      ])
    const long = (size: bigint) => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64LE(size)
      return bytes
    }
    expect(walked(sizes(0, Buffer.alloc(0)))).toEqual([])
    expect(walked(sizes(3, long(2n ** 60n)))).toEqual([])
    expect(walked(sizes(3, long(5n)))).toEqual([{ offset: 0, packed: 17, bytes: 5 }])
  })

  /** The first block of the frame begins behind magic, descriptor, window and the four bytes of its size. */
  function packedBlockLength(): number {
    const single = ((sound[4] as number) & 0x20) !== 0
    return sound.length - (5 + (single ? 0 : 1) + 4)
  }
})
