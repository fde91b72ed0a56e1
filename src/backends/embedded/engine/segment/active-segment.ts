// The segment being written. One batch is in flight at a time, and D, the end of what is durable, moves only after its
// sync, so that all that a reader is shown survives a power loss.
import { basename } from 'node:path'
import type { DiskFile } from '../disk/disk.js'
import { isNoSpace, OwnershipLost } from '../disk/latch.js'
import type { BatchBuffer } from '../format/batch-buffer.js'
import { ZEROS } from '../format/bytes.js'
import { FOOTER_BYTES, type Footer, footerBytes } from '../format/footer.js'
import { HEADER_BLOCK_BYTES, headerBlock, markBytes, markSlot, type SegmentIdentity } from '../format/segment-header.js'
import { ActivePostings } from '../index/active-postings.js'
import type { IndexContext } from '../index/sealed-postings.js'
import { RunningDigest } from './digest.js'
import type { EngineFiles } from './engine-context.js'

/** What the next batch continues. */
export interface SegmentTip {
  /** D: everything before this offset is durable. */
  readonly end: number
  readonly nextPosition: number
  readonly chain: Buffer
  readonly batch: number
  readonly frames: number
}

type SegmentFiles = Pick<EngineFiles, 'disk' | 'latch' | 'presizeBytes'>

export interface SegmentContext {
  readonly files: SegmentFiles
  readonly indexes: Pick<IndexContext, 'kinds'>
}

/** The disk had no room. After `commit` and `seal` the file was cut back to D, so that they left no byte behind. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom'
}

export function freshTip(identity: SegmentIdentity): SegmentTip {
  const { firstPosition, firstBatch, prev } = identity
  return { end: HEADER_BLOCK_BYTES, nextPosition: firstPosition, chain: prev, batch: firstBatch, frames: 0 }
}

export class ActiveSegment {
  readonly digest: RunningDigest
  private tip: SegmentTip
  private presized = 0
  private presizing: Promise<void> | undefined
  private marks = 0
  private markedAt = 0

  private constructor(
    private readonly files: SegmentFiles,
    private readonly file: DiskFile,
    readonly identity: SegmentIdentity,
    /** The terms of the events, filled by the layer above, because the engine does not know what an event is. */
    public postings: ActivePostings,
  ) {
    this.tip = freshTip(identity)
    this.digest = new RunningDigest({ read: (offset, length) => this.read(offset, length) })
  }

  /** The path of the file, which has a temporary name until it is installed. */
  path = ''

  /** Makes a new file with a durable header. The caller syncs the directory, because it renames the file first. */
  static async create(
    { files, indexes }: SegmentContext,
    path: string,
    identity: SegmentIdentity,
  ): Promise<ActiveSegment> {
    const file = await files.disk.open(path, { mode: 'create', durable: true })
    const segment = new ActiveSegment(files, file, identity, new ActivePostings(indexes.kinds))
    segment.path = path
    await segment.orClosed(() => segment.writeWhole(headerBlock(identity), 0))
    segment.presized = HEADER_BLOCK_BYTES
    return segment
  }

  /** Closes the file when `work` fails: nobody will use it then, and its descriptor would leak. */
  async orClosed<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      await this.close().catch(() => undefined)
      throw error
    }
  }

  get name(): string {
    return basename(this.path)
  }

  get end(): number {
    return this.tip.end
  }

  get head(): number {
    return this.tip.nextPosition - 1
  }

  get currentTip(): SegmentTip {
    return this.tip
  }

  /** True while durable bytes are not covered by a mark yet. */
  get unmarked(): boolean {
    return this.markedAt < this.tip.end
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const into = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.tip.end - offset)))
    const got = into.length === 0 ? 0 : await this.file.read(into, offset)
    return got === into.length ? into : into.subarray(0, got)
  }

  /** Writes zeros ahead of the end. A sync of a batch then has no new file size to write, and takes half the time. */
  async presize(): Promise<void> {
    const { presizeBytes } = this.files
    if (presizeBytes === 0 || this.presizing !== undefined) return this.presizing
    this.presizing = this.writeZeros(Math.max(this.presized, this.tip.end), presizeBytes).finally(() => {
      this.presizing = undefined
    })
    return this.presizing
  }

  /** Writes the batch at D and moves D behind it. NoRoom: nothing was stored. Latched, OwnershipLost: nobody knows. */
  async commit(batch: BatchBuffer, stillOwned: () => boolean): Promise<void> {
    const { bytes } = batch
    const end = this.tip.end + bytes.length
    // Zeros that are still being written could land on top of the batch.
    if (this.presizing !== undefined && end > this.presized) await this.presizing
    const written = await this.tryWrite(bytes, this.tip.end)
    if (written !== bytes.length) {
      await this.cutBack()
      throw new NoRoom(`the disk took ${written} of ${bytes.length} bytes`)
    }
    // The batch is written, but the new owner may not have read it, so D stays, and no reader may see the batch.
    if (!stillOwned()) throw new OwnershipLost('another process took over the data directory')
    const { nextPosition, chain } = batch
    this.tip = { end, nextPosition, chain, batch: this.tip.batch + 1, frames: this.tip.frames + batch.frames }
    this.presized = Math.max(this.presized, end)
    this.digest.advance(end)
    if (this.presized - end < this.files.presizeBytes / 2) void this.presize().catch(() => undefined)
  }

  /**
   * Writes into the header block how far the file is durable. Two slots take turns, so that a torn mark leaves the
   * other.
   */
  async mark(clean: boolean): Promise<void> {
    const sequence = ++this.marks
    const durable = this.tip.end
    const mark = { sequence, clean, durable, head: this.head, hash: this.tip.chain }
    await this.writeWhole(markBytes(mark), markSlot(sequence))
    this.markedAt = durable
  }

  /** Copies frames from another file behind the header. Only recovery calls this, before anybody appends. */
  async adopt(source: { read(offset: number, length: number): Promise<Buffer> }, tip: SegmentTip): Promise<void> {
    for (let at = HEADER_BLOCK_BYTES; at < tip.end; ) {
      const bytes = await source.read(at, Math.min(ZEROS.length, tip.end - at))
      if (bytes.length === 0) throw Object.assign(new Error('a segment ended while it was copied'), { code: 'EIO' })
      await this.writeWhole(bytes, at)
      at += bytes.length
    }
    this.tip = tip
    this.presized = tip.end
    await this.mark(false)
  }

  /** Writes the footer, cuts the file and syncs it. Nothing may be written then, because the hash covers every byte. */
  async seal(sealedMs: number, lost: number): Promise<{ readonly footer: Footer; readonly blocks: Uint32Array }> {
    await this.presizing?.catch(() => undefined)
    const { end, frames, chain, batch } = this.tip
    const { fileHash, blocks } = await this.digest.finish(end)
    const { firstPosition } = this.identity
    const footer = {
      firstPosition,
      lastPosition: this.head,
      frames,
      dataEnd: end,
      sealedMs,
      chain,
      fileHash,
      batch,
      lost,
    }
    try {
      await this.writeWhole(footerBytes(footer), end)
    } catch (error) {
      if (error instanceof NoRoom) await this.cutBack()
      throw error
    }
    await this.files.latch.guard(async () => {
      await this.file.truncate(end + FOOTER_BYTES)
      await this.file.sync()
    })
    return { footer, blocks }
  }

  async close(): Promise<void> {
    await this.presizing?.catch(() => undefined)
    await this.file.close()
  }

  private async writeZeros(from: number, length: number): Promise<void> {
    for (let at = from; at < from + length; at += ZEROS.length) {
      const chunk = ZEROS.subarray(0, Math.min(ZEROS.length, from + length - at))
      const written = await this.tryWrite(chunk, at)
      if (written !== chunk.length) return
      this.presized = at + chunk.length
    }
  }

  /** Returns the count written, 0 when the disk has no room at all. */
  private async tryWrite(bytes: Uint8Array, position: number): Promise<number> {
    try {
      return await this.files.latch.guardWrite(() => this.file.write([bytes], position))
    } catch (error) {
      if (isNoSpace(error)) return 0
      throw error
    }
  }

  /** A header, a mark or a footer is of use only as a whole, so a short count is an error. */
  private async writeWhole(bytes: Uint8Array, position: number): Promise<void> {
    const written = await this.tryWrite(bytes, position)
    if (written !== bytes.length) throw new NoRoom(`the disk took ${written} of ${bytes.length} bytes`)
  }

  /**
   * Removes what a short write left behind D, and checks the size, because bytes that stay would come back as a batch.
   */
  private async cutBack(): Promise<void> {
    const { end } = this.tip
    await this.presizing?.catch(() => undefined)
    await this.files.latch.guard(async () => {
      await this.file.truncate(end)
      await this.file.sync()
      const size = await this.file.size()
      if (size !== end) throw new Error(`the file is ${size} bytes long after it was cut to ${end}`)
    })
    this.presized = end
  }
}
