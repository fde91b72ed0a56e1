// Keeps archives open, with their tables and a few unpacked chunks of each, and drops the least recently used first.

import type { FilePool } from '../disk/file-pool.js'
import { type ArchiveBytes, archiveSource, archiveSourceSync } from './archive-bytes.js'
import type { SegmentBytes } from './segment-bytes.js'

/** Each of them holds up to a mebibyte of unpacked chunks. */
export const OPEN_ARCHIVES = 32

export class ArchiveCache {
  /** The entries are in the order of their last use, because the oldest one is dropped first. */
  private readonly opened = new Map<string, ArchiveBytes>()

  constructor(private readonly pool: FilePool) {}

  get size(): number {
    return this.opened.size
  }

  /** The archive is opened with the first read, and again after it was dropped. */
  source(path: string, packedLength: number, length: number): SegmentBytes {
    return {
      length,
      read: async (offset, count) => (await this.open(path)).read(offset, count),
      readSync: (offset, count) => this.openSync(path, packedLength).readSync(offset, count),
    }
  }

  /** For a caller that put another file under this name. */
  forget(path: string): void {
    this.opened.delete(path)
  }

  private async open(path: string): Promise<ArchiveBytes> {
    return this.opened.has(path) ? this.keep(path) : this.keep(path, await archiveSource(this.pool, path))
  }

  private openSync(path: string, packedLength: number): ArchiveBytes {
    return this.opened.has(path) ? this.keep(path) : this.keep(path, archiveSourceSync(this.pool, path, packedLength))
  }

  private keep(path: string, fresh?: ArchiveBytes): ArchiveBytes {
    // Two readers may have opened it at once, and then both go on with the first.
    const archive = (this.opened.get(path) ?? fresh) as ArchiveBytes
    this.opened.delete(path)
    this.opened.set(path, archive)
    for (const oldest of this.opened.keys()) {
      if (this.opened.size <= OPEN_ARCHIVES) break
      this.opened.delete(oldest)
    }
    return archive
  }
}
