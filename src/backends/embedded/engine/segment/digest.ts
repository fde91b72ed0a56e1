// Hashes a segment while it is being filled, so that sealing 100 MB takes no longer than sealing 1 MB.
import { webcrypto } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { sha256 } from '../format/frame.js'
import type { SegmentBytes } from './segment-bytes.js'

export const DIGEST_CHUNK_BYTES = 1 << 20
export const BLOCK_BYTES = 4_096
const BLOCKS_PER_CHUNK = DIGEST_CHUNK_BYTES / BLOCK_BYTES

export interface FileDigest {
  /** The SHA-256 of the concatenated SHA-256s of each MiB, so that the chunks can be hashed side by side. */
  readonly fileHash: Buffer
  /** CRC-32 of each 4 KiB block, the last one shorter. */
  readonly blocks: Uint32Array
}

interface Chunk {
  readonly hash: Buffer
  readonly blocks: Uint32Array
}

export class RunningDigest {
  private readonly chunks: Chunk[] = []
  private running: Promise<void> | undefined
  private failed = false

  /** `source` must return only bytes of the file that are durable. */
  constructor(private readonly source: Pick<SegmentBytes, 'read'>) {}

  /** Hashes whole chunks below `durable` in the background, but not the first, because its marks still change. */
  advance(durable: number): void {
    const next = this.chunks.length + 1
    if (this.running !== undefined || this.failed || (next + 1) * DIGEST_CHUNK_BYTES > durable) return
    this.running = this.hashNext(next)
      .catch(() => {
        // The seal reads the chunk again, and reports it if it cannot be read then either.
        this.failed = true
      })
      .finally(() => {
        this.running = undefined
        this.advance(durable)
      })
  }

  async finish(end: number): Promise<FileDigest> {
    this.failed = true
    while (this.running !== undefined) await this.running
    const chunks = [await digestChunk(this.source, 0, end), ...this.chunks]
    for (let at = chunks.length; at * DIGEST_CHUNK_BYTES < end; at++)
      chunks.push(await digestChunk(this.source, at, end))
    return combine(chunks)
  }

  private async hashNext(chunk: number): Promise<void> {
    this.chunks.push(await digestChunk(this.source, chunk, (chunk + 1) * DIGEST_CHUNK_BYTES))
  }
}

/** Hashes a whole file from the start, for a file that was not hashed while it grew. */
export async function digestOf(source: Pick<SegmentBytes, 'read'>, end: number): Promise<FileDigest> {
  const chunks: Chunk[] = []
  for (let at = 0; at * DIGEST_CHUNK_BYTES < end; at++) chunks.push(await digestChunk(source, at, end))
  return combine(chunks)
}

function combine(chunks: readonly Chunk[]): FileDigest {
  const blocks = new Uint32Array(chunks.reduce((sum, chunk) => sum + chunk.blocks.length, 0))
  chunks.forEach((chunk, at) => {
    blocks.set(chunk.blocks, at * BLOCKS_PER_CHUNK)
  })
  return { fileHash: sha256(Buffer.concat(chunks.map(chunk => chunk.hash))), blocks }
}

async function digestChunk(source: Pick<SegmentBytes, 'read'>, chunk: number, end: number): Promise<Chunk> {
  const from = chunk * DIGEST_CHUNK_BYTES
  const length = Math.min(DIGEST_CHUNK_BYTES, end - from)
  const bytes = await source.read(from, length)
  if (bytes.length !== length) throw Object.assign(new Error('a segment is shorter than it was'), { code: 'EIO' })
  const hash = Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
  return { hash, blocks: blockChecksums(bytes) }
}

function blockChecksums(bytes: Buffer): Uint32Array {
  const blocks = new Uint32Array(Math.ceil(bytes.length / BLOCK_BYTES))
  for (let at = 0; at < blocks.length; at++) {
    blocks[at] = crc32(bytes.subarray(at * BLOCK_BYTES, Math.min(bytes.length, (at + 1) * BLOCK_BYTES)))
  }
  return blocks
}
