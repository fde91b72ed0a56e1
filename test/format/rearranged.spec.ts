// Files deleted, swapped and emptied, frames doubled, removed and moved, tails of every kind: noticed, or harmless, never a wrong event.
import { beforeAll, describe, expect, test } from '@jest/globals'
import { writeFact } from '../../src/backends/embedded/engine/disk/small-file.js'
import { BatchBuffer } from '../../src/backends/embedded/engine/format/batch-buffer.js'
import { NO_HASH } from '../../src/backends/embedded/engine/format/bytes.js'
import { HEADER_BLOCK_BYTES } from '../../src/backends/embedded/engine/format/segment-header.js'
import { scan } from '../../src/backends/embedded/engine/segment/scan.js'
import { PackWriter } from '../../src/record/codec/writer.js'
import { must } from '../crash/ack-journal.js'
import { held } from '../crash/chain-check.js'
import { SEED } from '../support/effort.js'
import type { FakeDisk } from '../support/fake-disk.js'
import { Random } from '../support/random.js'
import { type Expected, Matrix, positions, SOUND } from './matrix.js'
import { indexPaths, type KnownFrame, type KnownSegment, type SmallStore, smallStore } from './small-store.js'

const CURRENT = '/data/CURRENT'
const FLOOR = '/data/FLOOR'
const ACCEPTED = '/data/ACCEPTED'

function corrupt(damaged: readonly number[]): Expected {
  return { kind: 'corrupt', damaged, absent: [] }
}

function all(segment: KnownSegment): number[] {
  return positions(segment.first, segment.last)
}

/** The file with some of its frames in another order, count or number; what follows the frames stays. */
function reframe(disk: FakeDisk, segment: KnownSegment, frames: readonly KnownFrame[]): void {
  const bytes = Buffer.from(disk.bytes(segment.path))
  const parts = frames.map(({ offset, end }) => bytes.subarray(offset, end))
  const rest = bytes.subarray(segment.framesEnd)
  disk.put(segment.path, Buffer.concat([bytes.subarray(0, HEADER_BLOCK_BYTES), ...parts, rest]))
}

function swap(disk: FakeDisk, one: string, other: string): void {
  const bytes = Buffer.from(disk.bytes(one))
  disk.put(one, disk.bytes(other))
  disk.put(other, bytes)
}

describe.each(['clean', 'torn-off'] as const)('a store whose last stop was %s', name => {
  let store: SmallStore
  let active: KnownSegment
  beforeAll(async () => {
    store = await smallStore(name)
    active = store.segments.at(-1) as KnownSegment
  })

  test('a deleted file is missed where it counts', async () => {
    const matrix = new Matrix()
    const remove = (path: string, expected: Expected) =>
      matrix.hold(`${path} deleted`, store, expected, disk => disk.unlink(path))
    for (const segment of store.segments) await remove(segment.path, corrupt(all(segment)))
    for (const path of [...indexPaths(store), CURRENT, '/data/LOCK', '/data/RESERVE']) await remove(path, SOUND)
    matrix.report(`${name}, deleted files`)
  })

  test('two files that changed places are noticed, or put right', async () => {
    const matrix = new Matrix()
    const everywhere = corrupt(positions(1, store.events.length))
    for (const one of store.segments) {
      for (const other of store.segments) {
        if (one.path >= other.path) continue
        await matrix.hold(`${one.path} and ${other.path} swapped`, store, everywhere, disk =>
          swap(disk, one.path, other.path),
        )
      }
    }
    const [first, second] = indexPaths(store) as [string, string]
    await matrix.hold('indexes swapped', store, SOUND, disk => swap(disk, first, second))
    matrix.report(`${name}, swapped files`)
  })

  test('a doubled, removed or moved frame breaks the chain', async () => {
    const matrix = new Matrix()
    for (const segment of store.segments) {
      const { frames, path } = segment
      for (const [at, frame] of frames.entries()) {
        const twice = [...frames.slice(0, at + 1), ...frames.slice(at)]
        await matrix.hold(`frame ${at} of ${path} doubled`, store, corrupt(all(segment)), disk =>
          reframe(disk, segment, twice),
        )
        const without = frames.filter(other => other !== frame)
        await matrix.hold(`frame ${at} of ${path} removed`, store, removed(segment, at), disk =>
          reframe(disk, segment, without),
        )
        if (at === 0) continue
        const moved = [...without.slice(0, at - 1), frame, ...without.slice(at - 1)]
        await matrix.hold(`frame ${at} of ${path} moved`, store, corrupt(all(segment)), disk =>
          reframe(disk, segment, moved),
        )
      }
    }
    matrix.report(`${name}, frames in another order`)
  })

  /** What nothing proves is a torn end: the last frame, or in its batch the others, of a store that stopped without a mark. */
  function removed(segment: KnownSegment, at: number): Expected {
    const { frames, sealed, marked } = segment
    const frame = frames[at] as KnownFrame
    const isLast = at === frames.length - 1
    if (!sealed && isLast && marked <= frame.offset)
      return { kind: 'torn', damaged: [], absent: positions(frame.first, frame.last) }
    return corrupt(all(segment))
  }

  test('whatever an unfinished write leaves behind the last frame is torn, kept as evidence, and costs no event', async () => {
    const matrix = new Matrix()
    const whole = Buffer.from(store.disk.bytes(active.path))
    const last = active.frames.at(-1) as KnownFrame
    const frame = whole.subarray(last.offset, last.end)
    const tails: Record<string, Buffer> = {
      'a length of zero': Buffer.concat([frame.subarray(0, 8), Buffer.alloc(40)]),
      'half a header': frame.subarray(0, 30),
      'a header': frame.subarray(0, 76),
      garbage: Buffer.from(new Random(SEED).bytes(300)),
      'one set bit': Buffer.concat([Buffer.alloc(50), Buffer.of(1)]),
    }
    for (const [what, tail] of Object.entries(tails)) {
      let harmed: FakeDisk | undefined
      await matrix.hold(what, store, { ...SOUND, kind: 'torn' }, disk => {
        harmed = disk
        disk.put(active.path, Buffer.concat([whole.subarray(0, active.framesEnd), tail, Buffer.alloc(64)]))
      })
      const evidence = (harmed as FakeDisk).files().filter(path => path.startsWith('/data/quarantine/'))
      expect(evidence).toHaveLength(1)
      const kept = Buffer.from((harmed as FakeDisk).bytes(evidence[0] as string))
      must(kept.length > 0 && tail.subarray(0, kept.length).equals(kept), () => `${what} is not in quarantine`)
    }
    await matrix.hold('zeros alone', store, SOUND, disk => disk.put(active.path, whole.subarray(0, active.framesEnd)))
    matrix.report(`${name}, unfinished writes`)
  })

  test('a damaged note beside the log is either of no consequence or refused by name', async () => {
    const matrix = new Matrix()
    const { length } = store.disk.bytes(CURRENT)
    for (let at = 0; at < length; at++) {
      await matrix.hold(`bit at ${at} of CURRENT`, store, SOUND, disk => disk.flip(CURRENT, at, 1 << (at % 8)))
      await matrix.hold(`CURRENT cut to ${at}`, store, SOUND, disk => disk.cut(CURRENT, at))
    }
    for (const path of ['/data/LOCK', '/data/RESERVE']) {
      await matrix.hold(`bit of ${path}`, store, SOUND, disk => disk.flip(path, 3))
      await matrix.hold(`${path} emptied`, store, SOUND, disk => disk.cut(path, 0))
    }
    matrix.report(`${name}, notes of no consequence`)
  })

  test('a fact that cannot be guessed is refused when it is damaged', async () => {
    const facts = new Map<string, unknown>([
      [FLOOR, { nextPosition: 1, chain: NO_HASH.toString('hex'), batch: 0 }],
      [ACCEPTED, []],
    ])
    const matrix = new Matrix()
    for (const [path, fact] of facts) {
      const told: SmallStore = { ...store, disk: store.disk.clone() }
      await writeFact(told.disk, path, fact)
      await matrix.hold(`${path} whole`, told, SOUND, () => undefined)
      await matrix.hold(`${path} deleted`, told, SOUND, disk => disk.unlink(path))
      const { length } = told.disk.bytes(path)
      const refused: Expected = { kind: 'refused', damaged: [], absent: [] }
      for (let at = 0; at < length; at++) {
        // The line break between hash and text carries nothing.
        if (at === 64) continue
        const verdict = await matrix.hold(`bit at ${at} of ${path}`, told, refused, disk =>
          disk.flip(path, at, 1 << (at % 8)),
        )
        expect(verdict?.code).toBe('DATA_CORRUPT')
        await matrix.hold(`${path} cut to ${at}`, told, refused, disk => disk.cut(path, at))
      }
    }
    matrix.report(`${name}, facts`)
  })
})

describe('bytes inside an event that look like a frame', () => {
  const SALT = 7
  const FOREIGN_SALT = 8

  /** A batch of one frame whose one record is `record`. */
  function batch(
    record: Uint8Array,
    salt: number,
    place: { offset: number; batch: number; nextPosition: number; chain: Buffer },
  ) {
    const out = new PackWriter()
    const buffer = new BatchBuffer(out)
    buffer.begin({ ...place, salt })
    buffer.startFrame()
    buffer.startEntry()
    out.reserve(record.length)
    Buffer.from(record).copy(out.buffer, out.at)
    out.at += record.length
    buffer.endEntry()
    buffer.endFrame()
    return { bytes: Buffer.from(buffer.bytes), chain: Buffer.from(buffer.chain) }
  }

  const place = { offset: HEADER_BLOCK_BYTES, batch: 1, nextPosition: 1, chain: NO_HASH }
  const image = batch(Buffer.from('an image'), FOREIGN_SALT, {
    ...place,
    offset: 1e9,
    batch: 99,
    nextPosition: 50,
  }).bytes
  const first = batch(Buffer.concat([Buffer.from('data: '), image, Buffer.from(' more')]), SALT, place)
  const second = {
    ...place,
    offset: HEADER_BLOCK_BYTES + first.bytes.length,
    batch: 2,
    nextPosition: 2,
    chain: first.chain,
  }
  const last = batch(Buffer.concat([image, image, Buffer.alloc(200, 120)]), SALT, second)
  const start = {
    offset: HEADER_BLOCK_BYTES,
    salt: SALT,
    nextPosition: 1,
    chain: NO_HASH,
    batch: 0,
    durable: 0,
    knownHead: 0,
  }
  const file = Buffer.concat([Buffer.alloc(HEADER_BLOCK_BYTES), first.bytes, last.bytes])

  test('are data', async () => {
    const result = await scan(held(file), { ...start, end: file.length })
    expect(result).toMatchObject({ nextPosition: 3, damaged: [], tornAt: undefined, frames: 2 })
  })

  test('prove nothing about the frame around them when that is torn, at whatever byte', async () => {
    for (let length = second.offset + 1; length < file.length; length++) {
      const torn = file.subarray(0, length)
      const result = await scan(held(torn), { ...start, end: length })
      expect(result).toMatchObject({ nextPosition: 2, damaged: [], tornAt: second.offset })
    }
  })

  test('are not followed when the frame before them is damaged', async () => {
    const harmed = Buffer.from(file)
    harmed[HEADER_BLOCK_BYTES + 9] = 0xff
    const result = await scan(held(harmed), { ...start, end: harmed.length })
    expect(result.damaged).toEqual([expect.objectContaining({ from: 1, to: 1 })])
    expect(result.nextPosition).toBe(3)
  })
})
