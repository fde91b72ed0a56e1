// The bytes of an archived segment: zstd frames and a seek table, so that a read unpacks only the frames it needs.
import { promisify } from 'node:util'
import { zstdDecompress, zstdDecompressSync } from 'node:zlib'
import type { FilePool } from '../disk/file-pool.js'
import { type Piece, walkZstdFrames } from '../format/zstd-frames.js'
import type { SegmentBytes } from './segment-bytes.js'

/**
 * Damage loses a whole chunk, and a lookup unpacks one. The small chunks make the archive 1.1 % of the plain size
 * larger than chunks of one MiB would.
 */
export const ARCHIVE_CHUNK_BYTES = 1 << 18
/** The seekable format of the zstd project: a skippable frame at the end holds the size of every frame before it. */
export const SKIPPABLE_MAGIC = 0x184d2a5e
export const SEEKABLE_MAGIC = 0x8f92eab1
export const SEEK_FOOTER_BYTES = 9
export const SEEK_ENTRY_BYTES = 8
const MAX_FRAMES = 65_536
const CACHED_CHUNKS = 4

const decompress = promisify(zstdDecompress) as (
  bytes: Uint8Array,
  options: { maxOutputLength: number },
) => Promise<Buffer>

export interface Chunk {
  readonly offset: number
  readonly packed: number
  readonly from: number
  readonly bytes: number
}

class MalformedArchive extends Error {
  override readonly name = 'MalformedArchive'
}

export async function archiveSource(pool: FilePool, path: string): Promise<ArchiveBytes> {
  return pool.use(path, async file => {
    const size = await file.size()
    const search = findChunks(size)
    let step = search.next()
    while (step.done !== true) {
      const { at, length } = step.value
      const into = Buffer.alloc(length)
      step = search.next(into.subarray(0, await file.read(into, at)))
    }
    return new ArchiveBytes(pool, path, step.value, size)
  })
}

/** Does the same for a caller that cannot wait and knows the length of the archive. */
export function archiveSourceSync(pool: FilePool, path: string, size: number): ArchiveBytes {
  const file = pool.file(path)
  const search = findChunks(size)
  let step = search.next()
  while (step.done !== true) {
    const { at, length } = step.value
    const into = Buffer.alloc(length)
    step = search.next(into.subarray(0, file.readSync(into, at)))
  }
  return new ArchiveBytes(pool, path, step.value, size)
}

/** When the seek table is damaged, the frames are found by their own headers, so that no event is lost. */
function* findChunks(size: number): Generator<Piece, Chunk[], Buffer> {
  try {
    return yield* readSeekTable(size)
  } catch (error) {
    if (!(error instanceof MalformedArchive)) throw error
  }
  const chunks: Chunk[] = []
  let from = 0
  for (const { offset, packed, bytes } of yield* walkZstdFrames(size)) {
    // All chunks but the last are full, so a frame of another size was not written by an archive.
    if (from !== chunks.length * ARCHIVE_CHUNK_BYTES || bytes > ARCHIVE_CHUNK_BYTES) break
    chunks.push({ offset, packed, from, bytes })
    from += bytes
  }
  return chunks
}

function* readSeekTable(size: number): Generator<Piece, Chunk[], Buffer> {
  const footer = yield* exactly(size - SEEK_FOOTER_BYTES, SEEK_FOOTER_BYTES)
  const frames = footer.readUInt32LE(0)
  if (footer.readUInt32LE(5) !== SEEKABLE_MAGIC || frames > MAX_FRAMES)
    throw new MalformedArchive('an archive has no seek table')
  const tableBytes = frames * SEEK_ENTRY_BYTES
  const table = yield* exactly(size - SEEK_FOOTER_BYTES - tableBytes, tableBytes)
  const chunks: Chunk[] = []
  let offset = 0
  let from = 0
  for (let at = 0; at < tableBytes; at += SEEK_ENTRY_BYTES) {
    const packed = table.readUInt32LE(at)
    const bytes = table.readUInt32LE(at + 4)
    if (bytes > ARCHIVE_CHUNK_BYTES || from !== chunks.length * ARCHIVE_CHUNK_BYTES)
      throw new MalformedArchive('an archive names a chunk that is too large')
    chunks.push({ offset, packed, from, bytes })
    offset += packed
    from += bytes
  }
  if (offset + 8 + tableBytes + SEEK_FOOTER_BYTES !== size)
    throw new MalformedArchive('an archive is not as long as its seek table says')
  return chunks
}

function* exactly(at: number, length: number): Generator<Piece, Buffer, Buffer> {
  if (at < 0) throw new MalformedArchive('an archive is cut off')
  const bytes = yield { at, length }
  if (bytes.length !== length) throw new MalformedArchive('an archive is cut off')
  return bytes
}

export class ArchiveBytes implements SegmentBytes {
  readonly length: number
  /** The entries are in the order of their last use, because the oldest one is dropped first. */
  private readonly cached = new Map<number, Buffer>()

  constructor(
    private readonly pool: FilePool,
    private readonly path: string,
    private readonly chunks: readonly Chunk[],
    /** The length of the archive file itself. */
    readonly packedLength: number,
  ) {
    this.length = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0)
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (const { chunk, from, to } of this.cuts(offset, length))
      parts.push((await this.unpacked(chunk)).subarray(from, to))
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  }

  readSync(offset: number, length: number): Buffer {
    return Buffer.concat(
      this.cuts(offset, length).map(({ chunk, from, to }) => this.unpackedSync(chunk).subarray(from, to)),
    )
  }

  /** Splits the range into parts of chunks. All chunks but the last are full, so an offset tells its chunk. */
  private cuts(offset: number, length: number): { chunk: number; from: number; to: number }[] {
    const end = Math.min(this.length, offset + length)
    const cuts: { chunk: number; from: number; to: number }[] = []
    for (let at = offset; at < end; ) {
      const chunk = Math.floor(at / ARCHIVE_CHUNK_BYTES)
      const from = at - chunk * ARCHIVE_CHUNK_BYTES
      const to = Math.min(ARCHIVE_CHUNK_BYTES, from + end - at)
      cuts.push({ chunk, from, to })
      at += to - from
    }
    return cuts
  }

  private async unpacked(at: number): Promise<Buffer> {
    const held = this.recall(at)
    if (held !== undefined) return held
    const { offset, packed, bytes } = this.chunks[at] as Chunk
    const read = Buffer.allocUnsafe(packed)
    const got = await this.pool.use(this.path, file => file.read(read, offset))
    try {
      return this.keep(at, whole(await decompress(read.subarray(0, got), { maxOutputLength: bytes }), bytes))
    } catch {
      return damagedChunk(bytes)
    }
  }

  private unpackedSync(at: number): Buffer {
    const held = this.recall(at)
    if (held !== undefined) return held
    const { offset, packed, bytes } = this.chunks[at] as Chunk
    const read = Buffer.allocUnsafe(packed)
    const got = this.pool.file(this.path).readSync(read, offset)
    try {
      return this.keep(at, whole(zstdDecompressSync(read.subarray(0, got), { maxOutputLength: bytes }), bytes))
    } catch {
      return damagedChunk(bytes)
    }
  }

  private recall(at: number): Buffer | undefined {
    const held = this.cached.get(at)
    if (held !== undefined) this.keep(at, held)
    return held
  }

  private keep(at: number, bytes: Buffer): Buffer {
    this.cached.delete(at)
    this.cached.set(at, bytes)
    for (const oldest of this.cached.keys()) {
      if (this.cached.size <= CACHED_CHUNKS) break
      this.cached.delete(oldest)
    }
    return bytes
  }
}

function whole(unpacked: Buffer, bytes: number): Buffer {
  if (unpacked.length !== bytes) throw new MalformedArchive('a chunk is not as long as the archive says')
  return unpacked
}

/**
 * A damaged chunk reads as zeros, because every caller verifies what it gets, and so finds the damage where it is. The
 * zeros are not cached, so that the next read looks at the disk again.
 */
function damagedChunk(bytes: number): Buffer {
  return Buffer.alloc(bytes)
}
