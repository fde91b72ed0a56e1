// Torn or corrupt: the table of rule C3, one broken segment for each line.
import { describe, expect, test } from '@jest/globals'
import { SegmentImage } from '../../../../../test/support/segment-image.js'
import { type ScanStart, scan } from './scan.js'

const three = () => new SegmentImage().with([['a']], [['b', 'c']], [['d']])
const judge = async (image: SegmentImage, known: Partial<ScanStart> = {}) => {
  const lost: string[] = []
  const positions: number[] = []
  const result = await scan(image.source(), image.start(known), {
    frame: frame => positions.push(...frame.items.map((_, at) => frame.firstPosition + at)),
    lost: (from, to) => lost.push(`${from}-${to}`),
  })
  return { ...result, lost, positions }
}

describe('what a segment ends in', () => {
  test('the end of the file', async () => {
    const image = three()
    const verdict = { tornAt: undefined, damaged: [], nextPosition: 5, frames: 3, batch: 3, end: image.end }
    expect(await judge(image)).toMatchObject(verdict)
  })

  test('zeros written ahead are no torn write', async () => {
    const end = three().end
    expect(await judge(three().padded(5_000))).toMatchObject({ tornAt: undefined, damaged: [], end })
  })

  test('zeros, then something: torn', async () => {
    const end = three().end
    const image = three()
      .padded(5_000)
      .flip(end + 4_000)
    expect(await judge(image)).toMatchObject({ tornAt: end, damaged: [], nextPosition: 5 })
  })

  test('a batch that is not all there, at whatever byte it ends: torn', async () => {
    const whole = three()
    const [from, to] = whole.extent(2)
    for (let length = from + 1; length < to; length++) {
      const torn = { tornAt: from, damaged: [], nextPosition: 4, end: from, positions: [1, 2, 3] }
      expect([length, await judge(three().cut(length))]).toMatchObject([length, torn])
      expect([
        length,
        await judge(
          three()
            .cut(length)
            .padded(to - length),
        ),
      ]).toMatchObject([length, torn])
    }
  })

  test('any changed byte in the last batch, when nothing proves that it was durable: torn', async () => {
    const [from, to] = three().extent(2)
    for (let at = from; at < to; at++)
      expect([at, await judge(three().flip(at))]).toMatchObject([at, { tornAt: from, damaged: [], nextPosition: 4 }])
  })

  test('two frames of the last batch, the first not there: torn, for one write may reach the disk in any order', async () => {
    const image = new SegmentImage().with([['a']], [['b'], ['c']])
    const [from] = image.extent(1)
    expect(await judge(image.zeroed(1))).toMatchObject({ tornAt: from, damaged: [], nextPosition: 2 })
  })
})

describe('what was proven durable is corrupt when it is broken', () => {
  test('by a later batch', async () => {
    const [from, to] = three().extent(1)
    for (let at = from; at < to; at++) {
      const { tornAt, damaged, nextPosition } = await judge(three().flip(at))
      expect([at, tornAt, damaged.length, nextPosition]).toEqual([at, undefined, 1, 5])
    }
  })

  test('by a mark', async () => {
    const image = three()
    const [from] = image.extent(2)
    const known = { durable: image.end, knownHead: 4 }
    const verdict = { tornAt: undefined, damaged: [{ from: 4, to: 4, offset: from }], nextPosition: 5, lost: ['4-4'] }
    expect(await judge(three().zeroed(2), known)).toMatchObject(verdict)
    // Cut off where a frame ended it looks whole, and is not.
    expect(await judge(three().cut(from), known)).toMatchObject({ damaged: [{ from: 4, to: 4 }, {}], lost: ['4-4'] })
  })

  test('a mark that ends before it proves nothing', async () => {
    const [from] = three().extent(2)
    expect(await judge(three().zeroed(2), { durable: from, knownHead: 3 })).toMatchObject({
      damaged: [],
      nextPosition: 4,
    })
  })

  test('one record loses its own position only', async () => {
    const image = three()
    const found = image.bytes.indexOf('c', image.extent(1)[0] + 76 + 36 + 1 + 36)
    const { damaged, positions, lost } = await judge(image.flip(found))
    expect(damaged).toMatchObject([{ from: 3, to: 3 }])
    expect([positions, lost]).toEqual([[1, 2, 3, 4], []])
  })

  test('a broken frame costs its positions and no others', async () => {
    const { damaged, positions, lost } = await judge(three().flip(three().extent(1)[0]))
    expect(damaged).toMatchObject([{ from: 2, to: 3 }])
    expect([positions, lost]).toEqual([[1, 4], ['2-3']])
  })
})

describe('whole frames that do not belong together are corrupt', () => {
  test.each([
    ['a missing one', three().without(1), { from: 2, to: 3 }],
    ['a missing first one', three().without(0), { from: 1, to: 1 }],
    ['one that continues another chain', new SegmentImage().with([['a']]).withStranger([['b']]), { from: 2, to: 1 }],
  ])('%s', async (_, image, damage) => {
    const { damaged, tornAt } = await judge(image)
    expect([damaged[0], tornAt]).toMatchObject([damage, undefined])
  })

  test('one that stands twice', async () => {
    const image = three()
    const [from, to] = image.extent(1)
    const twice = Buffer.concat([image.bytes.subarray(0, to), image.bytes.subarray(from)])
    image.bytes = twice
    const { damaged, positions } = await judge(image)
    expect(damaged).toHaveLength(1)
    expect(positions).toEqual([1, 2, 3, 4])
  })

  test('a frame of another store is no frame, even behind a torn one', async () => {
    const foreign = new SegmentImage(1, 99).with([['x']], [['y']])
    const image = three()
    const [from] = image.extent(2)
    image.bytes = Buffer.concat([image.bytes.subarray(0, from + 20), foreign.bytes.subarray(foreign.extent(1)[0])])
    expect(await judge(image)).toMatchObject({ tornAt: from, damaged: [] })
  })
})

describe('what is no frame, between frames that are', () => {
  /** So many bytes of no meaning before the frame. */
  function strewn(image: SegmentImage, before: number, bytes: Uint8Array): SegmentImage {
    const [at] = image.extent(before)
    image.bytes = Buffer.concat([image.bytes.subarray(0, at), bytes, image.bytes.subarray(at)])
    return image
  }

  test('costs no event where the next one goes on', async () => {
    const { damaged, positions, tornAt } = await judge(strewn(three(), 2, Buffer.alloc(40, 7)), {
      durable: three().end,
    })
    expect([damaged.length, positions, tornAt]).toEqual([1, [1, 2, 3, 4], undefined])
  })

  test('is passed over together with frames of before that stand behind it', async () => {
    const old = three()
    const [from, to] = old.extent(0)
    const rest = Buffer.concat([Buffer.alloc(40, 7), old.bytes.subarray(from, to)])
    const { damaged, positions } = await judge(strewn(three(), 2, rest), { durable: three().end })
    expect([damaged.length, positions]).toEqual([1, [1, 2, 3, 4]])
  })
})

test('a batch that is numbered before the one ahead of it is told', async () => {
  const { damaged, positions } = await judge(three(), { batch: 9 })
  expect(damaged[0]).toMatchObject({ reason: 'batch numbers run backwards' })
  expect(positions).toEqual([1, 2, 3, 4])
})

test('a file that ends before what was durable has lost it, also where no position of it is known', async () => {
  const image = three()
  const durable = image.end + 100
  expect((await judge(image, { durable, knownHead: 9 })).lost).toEqual(['5-9'])
  const known = [await judge(image, { durable, knownHead: 4, final: true }), await judge(image, { durable })]
  expect(known.map(({ damaged }) => damaged.map(({ from }) => from))).toEqual([[5], [5]])
})

test('a disk that cannot be read is neither torn nor corrupt', async () => {
  const image = three()
  const source = {
    ...image.source(),
    read: async () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' })),
  }
  await expect(scan(source, image.start())).rejects.toMatchObject({ code: 'EIO' })
  const short = { ...image.source(), read: async () => Buffer.alloc(0) }
  await expect(scan(short, image.start())).rejects.toMatchObject({ code: 'EIO' })
})
