// Every byte of a small store is flipped and every length cut, file by file: the verdict is rule C3's, and no event is ever wrong.
import { beforeAll, describe, test } from '@jest/globals'
import { HEADER_BLOCK_BYTES, MARK_BYTES, MARK_SLOTS } from '../../src/backends/embedded/engine/format/segment-header.js'
import { SEED, stride } from '../support/effort.js'
import { type Expected, Matrix, positions, SOUND } from './matrix.js'
import { indexPaths, type KnownSegment, type SmallStore, smallStore } from './small-store.js'

/** What a flipped bit at `offset` must come to. */
function flipped(segment: KnownSegment, offset: number): Expected {
  const { frames, sealed, framesEnd } = segment
  const hit = frames.find(frame => frame.offset <= offset && offset < frame.end)
  if (sealed) return { kind: 'corrupt', damaged: hit === undefined ? [] : positions(hit.first, hit.last), absent: [] }
  if (MARK_SLOTS.some(slot => slot <= offset && offset < slot + MARK_BYTES)) return SOUND
  if (offset < HEADER_BLOCK_BYTES) return { kind: 'corrupt', damaged: [], absent: [] }
  if (hit === undefined) return { ...SOUND, kind: offset >= framesEnd ? 'torn' : 'corrupt' }
  const proven = segment.marked > hit.offset || frames.some(frame => frame.batch > hit.batch)
  if (proven) return { kind: 'corrupt', damaged: positions(hit.first, hit.last), absent: [] }
  return { kind: 'torn', damaged: [], absent: positions(hit.first, segment.last) }
}

/** What a file cut to `length` must come to. */
function cut(segment: KnownSegment, length: number): Expected {
  const { frames, sealed, framesEnd, marked, first, last } = segment
  const gone = frames.filter(frame => frame.end > length).flatMap(frame => positions(frame.first, frame.last))
  if (sealed) return { kind: 'corrupt', damaged: gone, absent: [] }
  if (length >= framesEnd) return SOUND
  if (length < HEADER_BLOCK_BYTES) return { kind: 'corrupt', damaged: positions(first, last), absent: [] }
  return marked > length ? { kind: 'corrupt', damaged: gone, absent: [] } : { kind: 'torn', damaged: [], absent: gone }
}

/** Every offset that means something; of the zeros between, every so-many-th. */
function offsets(segment: KnownSegment): number[] {
  const meaning = (at: number) =>
    at < 128 || at >= HEADER_BLOCK_BYTES || MARK_SLOTS.some(slot => slot <= at && at < slot + MARK_BYTES)
  const sparse = stride(41, 41)
  return positions(0, segment.length - 1).filter(at => meaning(at) || at % sparse === SEED % sparse)
}

describe.each(['clean', 'torn-off'] as const)('a store whose last stop was %s', name => {
  let store: SmallStore
  beforeAll(async () => {
    store = await smallStore(name)
  })

  /** Both stores have the same sealed segments, so in one of the two a part of their bytes is enough; `npm run test:tools` tries all of the other's. */
  function sampled(segment: KnownSegment): number[] {
    const step = name === 'clean' && segment.sealed ? stride(8, 56) : stride(1, 7)
    return offsets(segment).filter((_, at) => at % step === 0)
  }

  test('undamaged it is sound', async () => {
    const matrix = new Matrix()
    await matrix.hold('nothing', store, SOUND, () => undefined)
    matrix.report(`damage, ${name}, none`)
  })

  test('a flipped bit anywhere in a log is told from a torn write', async () => {
    const matrix = new Matrix()
    for (const segment of store.segments) {
      for (const at of sampled(segment)) {
        await matrix.hold(`bit at ${at} of ${segment.path}`, store, flipped(segment, at), disk =>
          disk.flip(segment.path, at, 1 << (at % 8)),
        )
      }
    }
    matrix.report(`damage, ${name}, flipped bits of logs`)
  }, 3_600_000)

  test('a log cut to any length is told from a torn write', async () => {
    const matrix = new Matrix()
    for (const segment of store.segments) {
      for (const length of sampled(segment).filter(at => at % stride(2, 2) === 0)) {
        await matrix.hold(`${segment.path} cut to ${length}`, store, cut(segment, length), disk =>
          disk.cut(segment.path, length),
        )
      }
    }
    matrix.report(`damage, ${name}, cut logs`)
  }, 3_600_000)

  test('an index with any bit flipped or cut to any length gives right answers', async () => {
    const matrix = new Matrix()
    for (const path of indexPaths(store)) {
      const { length } = store.disk.bytes(path)
      const step = name === 'clean' ? stride(499, 1_999) : stride(89, 997)
      for (let at = SEED % step; at < length; at += step) {
        await matrix.hold(`bit at ${at} of ${path}`, store, SOUND, disk => disk.flip(path, at, 1 << (at % 8)))
      }
      for (let at = 0; at < length; at += stride(509, 1_999)) {
        await matrix.hold(`${path} cut to ${at}`, store, SOUND, disk => disk.cut(path, at))
      }
    }
    matrix.report(`damage, ${name}, indexes`)
  }, 3_600_000)
})
