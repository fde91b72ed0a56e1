// The bytes of one segment, from a plain file here and from an archive in archive-bytes.ts.
import type { DiskFile } from '../disk/disk.js'
import type { FilePool } from '../disk/file-pool.js'

export interface SegmentBytes {
  readonly length: number
  /** Returns fewer bytes than `length` only at the end. */
  read(offset: number, length: number): Promise<Buffer>
  /** For the few bytes that a decision needs at once. It blocks the event loop. */
  readSync(offset: number, length: number): Buffer
}

/** A file read as it is on disk, up to a length that the caller fixes, so that a reader sees nothing behind it. */
export class PlainBytes implements SegmentBytes {
  constructor(
    private readonly file: Pick<DiskFile, 'read' | 'readSync'>,
    readonly length: number,
  ) {}

  async read(offset: number, length: number): Promise<Buffer> {
    const into = this.room(offset, length)
    const got = into.length === 0 ? 0 : await this.file.read(into, offset)
    return got === into.length ? into : into.subarray(0, got)
  }

  readSync(offset: number, length: number): Buffer {
    const into = this.room(offset, length)
    const got = into.length === 0 ? 0 : this.file.readSync(into, offset)
    return got === into.length ? into : into.subarray(0, got)
  }

  private room(offset: number, length: number): Buffer {
    return Buffer.allocUnsafe(Math.max(0, Math.min(length, this.length - offset)))
  }
}

export class PooledBytes implements SegmentBytes {
  constructor(
    private readonly pool: FilePool,
    private readonly path: string,
    readonly length: number,
  ) {}

  read(offset: number, length: number): Promise<Buffer> {
    return this.pool.use(this.path, file => new PlainBytes(file, this.length).read(offset, length))
  }

  readSync(offset: number, length: number): Buffer {
    return new PlainBytes(this.pool.file(this.path), this.length).readSync(offset, length)
  }
}
