// Gathers the frames of one batch in one buffer, so that one write and one sync cover them.
import { HASH_BYTES } from './bytes.js'
import { digest, ENTRY_HEAD_BYTES, FRAME_HEADER_BYTES, frameHash, putFrameHeader } from './frame.js'

/**
 * The place that a batch is encoded for. Its frames are valid at no other, because they hold its offset and chain hash.
 */
export interface BatchPlace {
  /** The offset in the file, which is also how far the file is durable, because the batch before has been synced. */
  readonly offset: number
  readonly batch: number
  readonly nextPosition: number
  readonly chain: Buffer
  readonly salt: number
}

/** The buffer that the layer above encodes records into, because the engine does not know what a record says. */
export interface GrowingBuffer {
  at: number
  readonly buffer: Buffer
  /** Makes room for `bytes` more. `buffer` may be another one afterwards, so do not keep it. */
  reserve(bytes: number): void
}

export class BatchBuffer {
  chain: Buffer = Buffer.alloc(0)
  nextPosition = 0
  frames = 0
  private place: BatchPlace | undefined
  private frameStart = 0
  private entryStart = 0
  private entries = 0

  /** The caller writes records into `out`, between `startEntry` and `endEntry`. */
  constructor(private readonly out: GrowingBuffer) {}

  begin(place: BatchPlace): void {
    this.place = place
    this.chain = place.chain
    this.nextPosition = place.nextPosition
    this.frames = 0
    this.out.at = 0
  }

  get length(): number {
    return this.out.at
  }

  get bytes(): Buffer {
    return this.out.buffer.subarray(0, this.out.at)
  }

  startFrame(): void {
    this.frameStart = this.out.at
    this.entries = 0
    this.out.reserve(FRAME_HEADER_BYTES)
    this.out.at += FRAME_HEADER_BYTES
  }

  startEntry(): void {
    this.entryStart = this.out.at
    this.out.reserve(ENTRY_HEAD_BYTES)
    this.out.at += ENTRY_HEAD_BYTES
  }

  /** Returns the place of the entry in the file. */
  endEntry(): { readonly offset: number; readonly end: number } {
    const { buffer, at } = this.out
    const from = this.entryStart + ENTRY_HEAD_BYTES
    buffer.writeUInt32LE(at - from, this.entryStart)
    buffer.write(digest(buffer.subarray(from, at)), this.entryStart + 4, 'latin1')
    this.entries++
    const base = this.at().offset
    return { offset: base + this.entryStart, end: base + at }
  }

  endFrame(): void {
    const place = this.at()
    this.out.reserve(HASH_BYTES)
    const { buffer } = this.out
    const length = this.out.at - this.frameStart - FRAME_HEADER_BYTES
    const { batch, offset: durable, salt } = place
    const head = { entries: this.entries, length, batch, firstPosition: this.nextPosition, durable, prev: this.chain }
    putFrameHeader(buffer, this.frameStart, head, salt)
    buffer.write(frameHash(buffer, this.frameStart, this.entries), this.out.at, 'latin1')
    this.chain = Buffer.from(buffer.subarray(this.out.at, this.out.at + HASH_BYTES))
    this.out.at += HASH_BYTES
    this.nextPosition += this.entries
    this.frames++
  }

  private at(): BatchPlace {
    return this.place as BatchPlace
  }
}
