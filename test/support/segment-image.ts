// The bytes of a segment, built in memory batch by batch, for judging them and for breaking them.
import { BatchBuffer } from '../../src/backends/embedded/engine/format/batch-buffer.js'
import { NO_HASH } from '../../src/backends/embedded/engine/format/bytes.js'
import {
  HEADER_BLOCK_BYTES,
  headerBlock,
  STORE_ID_BYTES,
} from '../../src/backends/embedded/engine/format/segment-header.js'
import type { ScanStart } from '../../src/backends/embedded/engine/segment/scan.js'
import type { SegmentBytes } from '../../src/backends/embedded/engine/segment/segment-bytes.js'
import { PackWriter } from '../../src/record/codec/writer.js'

export const SALT = 0x5a17

/** One text for each event, one list for each frame, one list of those for each batch. */
type Batch = readonly (readonly string[])[]

export class SegmentImage {
  bytes: Buffer
  /** Where each frame begins, and where the last one ends. */
  readonly offsets: number[] = [HEADER_BLOCK_BYTES]
  private chain: Buffer = NO_HASH
  private nextPosition: number
  private batches = 0

  constructor(
    readonly firstPosition = 1,
    private readonly salt = SALT,
  ) {
    this.nextPosition = firstPosition
    const storeId = Buffer.alloc(STORE_ID_BYTES, 7)
    this.bytes = headerBlock({ salt, storeId, epoch: 1, firstPosition, firstBatch: 0, createdMs: 0, prev: NO_HASH })
  }

  get end(): number {
    return this.bytes.length
  }

  with(...batches: readonly Batch[]): this {
    for (const batch of batches) this.add(batch)
    return this
  }

  /** As `with`, but as if what came before had been something else. */
  withStranger(...batches: readonly Batch[]): this {
    this.chain = Buffer.alloc(NO_HASH.length, 0xee)
    return this.with(...batches)
  }

  /** Zeros written ahead. */
  padded(zeros: number): this {
    this.bytes = Buffer.concat([this.bytes, Buffer.alloc(zeros)])
    return this
  }

  cut(length: number): this {
    this.bytes = Buffer.from(this.bytes.subarray(0, length))
    return this
  }

  flip(offset: number): this {
    this.bytes[offset] = (this.bytes[offset] as number) ^ 0xff
    return this
  }

  /** Takes the frame out, as if it had never been written. */
  without(frame: number): this {
    const [from, to] = this.extent(frame)
    this.bytes = Buffer.concat([this.bytes.subarray(0, from), this.bytes.subarray(to)])
    return this
  }

  zeroed(frame: number): this {
    this.bytes.fill(0, ...this.extent(frame))
    return this
  }

  extent(frame: number): [from: number, to: number] {
    return [this.offsets[frame] as number, this.offsets[frame + 1] as number]
  }

  source(): SegmentBytes {
    const { bytes } = this
    return {
      length: bytes.length,
      read: async (offset, length) => bytes.subarray(offset, offset + length),
      readSync: (offset, length) => bytes.subarray(offset, offset + length),
    }
  }

  start(known: Partial<ScanStart> = {}): ScanStart {
    return {
      offset: HEADER_BLOCK_BYTES,
      end: this.bytes.length,
      salt: this.salt,
      nextPosition: this.firstPosition,
      chain: NO_HASH,
      batch: 0,
      durable: 0,
      knownHead: 0,
      ...known,
    }
  }

  private add(batch: Batch): void {
    const out = new PackWriter()
    const buffer = new BatchBuffer(out)
    const { chain, nextPosition, salt } = this
    buffer.begin({ offset: this.end, batch: ++this.batches, nextPosition, chain, salt })
    const base = this.end
    for (const frame of batch) {
      buffer.startFrame()
      for (const text of frame) {
        buffer.startEntry()
        const record = Buffer.from(text)
        out.reserve(record.length)
        record.copy(out.buffer, out.at)
        out.at += record.length
        buffer.endEntry()
      }
      buffer.endFrame()
      this.offsets.push(base + buffer.length)
    }
    this.chain = Buffer.from(buffer.chain)
    this.nextPosition = buffer.nextPosition
    this.bytes = Buffer.concat([this.bytes, buffer.bytes])
  }
}
