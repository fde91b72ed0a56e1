// An archive is read by its seek table, by the headers of its frames where the table is wrong, and as far as it goes where it is cut.
import { zstdCompressSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { FilePool } from '../disk/file-pool.js'
import {
  ARCHIVE_CHUNK_BYTES,
  archiveSource,
  archiveSourceSync,
  SEEK_ENTRY_BYTES,
  SEEK_FOOTER_BYTES,
  SEEKABLE_MAGIC,
  SKIPPABLE_MAGIC,
} from './archive-bytes.js'

const PATH = '/data/archive.zst'
const CONTENT = Buffer.alloc(2 * ARCHIVE_CHUNK_BYTES + 5_000, 'an agent appends an event ')
const CHUNKS = [0, 1, 2].map(at => CONTENT.subarray(at * ARCHIVE_CHUNK_BYTES, (at + 1) * ARCHIVE_CHUNK_BYTES))

interface Told {
  readonly packed: number
  readonly bytes: number
}

/** The frames with a seek table that says of them what `told` makes of the truth. */
function archive(
  chunks: readonly Buffer[],
  told: (truth: readonly Told[]) => readonly Told[] = truth => truth,
): Buffer {
  const frames = chunks.map(chunk => zstdCompressSync(chunk, { pledgedSrcSize: chunk.length }))
  const entries = told(frames.map((frame, at) => ({ packed: frame.length, bytes: chunks[at]?.length ?? 0 })))
  const table = Buffer.alloc(8 + entries.length * SEEK_ENTRY_BYTES + SEEK_FOOTER_BYTES)
  table.writeUInt32LE(SKIPPABLE_MAGIC, 0)
  table.writeUInt32LE(table.length - 8, 4)
  for (const [at, { packed, bytes }] of entries.entries()) {
    table.writeUInt32LE(packed, 8 + at * SEEK_ENTRY_BYTES)
    table.writeUInt32LE(bytes, 12 + at * SEEK_ENTRY_BYTES)
  }
  table.writeUInt32LE(entries.length, table.length - SEEK_FOOTER_BYTES)
  table.writeUInt32LE(SEEKABLE_MAGIC, table.length - 4)
  return Buffer.concat([...frames, table])
}

/** What is read of the file, by whoever can wait and by whoever cannot. */
async function readOf(file: Buffer): Promise<Buffer> {
  const disk = new FakeDisk({ directories: ['/data'] })
  disk.put(PATH, file)
  const pool = new FilePool(disk, 2)
  const source = await archiveSource(pool, PATH)
  const bytes = await source.read(0, source.length)
  const atOnce = archiveSourceSync(pool, PATH, file.length)
  expect(atOnce.readSync(0, atOnce.length).equals(bytes)).toBe(true)
  await pool.closeAll()
  return bytes
}

test.each([
  ['is right', (truth: readonly Told[]) => truth],
  ['lacks the last frame', (truth: readonly Told[]) => truth.slice(0, -1)],
  ['names a frame that is too long', (truth: readonly Told[]) => [...truth, { packed: 1, bytes: 2 ** 30 }]],
  ['names a frame behind one that is not full', (truth: readonly Told[]) => [...truth.slice(1), ...truth]],
])('all of it is read where the seek table %s', async (_, told) => {
  expect((await readOf(archive(CHUNKS, told))).equals(CONTENT)).toBe(true)
})

test('a frame that no archive has written ends it', async () => {
  const foreign = [CONTENT.subarray(0, 100), ...CHUNKS]
  expect((await readOf(archive(foreign, () => []))).equals(CONTENT.subarray(0, 100))).toBe(true)
  const large = [Buffer.alloc(ARCHIVE_CHUNK_BYTES + 1), ...CHUNKS]
  expect(await readOf(archive(large, () => []))).toHaveLength(0)
})

test('a chunk that unpacks to another length reads as zeros, whose hash nobody takes for right', async () => {
  const file = archive(CHUNKS, truth => truth.map((one, at) => (at === 2 ? { ...one, bytes: 4_000 } : one)))
  const read = await readOf(file)
  expect(read.subarray(0, 2 * ARCHIVE_CHUNK_BYTES).equals(CONTENT.subarray(0, 2 * ARCHIVE_CHUNK_BYTES))).toBe(true)
  expect(read.subarray(2 * ARCHIVE_CHUNK_BYTES).every(byte => byte === 0)).toBe(true)
})

test('of a file that is cut off, down to nothing, the whole frames are read', async () => {
  const file = archive(CHUNKS)
  for (const length of [0, 5, 12, file.length - 4, file.length - 30]) {
    const read = await readOf(file.subarray(0, length))
    expect(read.equals(CONTENT.subarray(0, read.length))).toBe(true)
  }
})
