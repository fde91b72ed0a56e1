// The archives that are open: their tables and a few unpacked chunks of each, the least recently used put away first.

import type { FilePool } from '../disk/file-pool.js'
import { type ArchiveBytes, archiveSource, archiveSourceSync } from './archive-bytes.js'
import type { SegmentBytes } from './segment-bytes.js'

/** With a mebibyte of unpacked chunks each. */
export const OPEN_ARCHIVES = 32

export class ArchiveCache {
  /** In the order of their last use, the oldest first. */
  private readonly opened = new Map<string, ArchiveBytes>()

  constructor(private readonly pool: FilePool) {}

  get size(): number {
    return this.opened.size
  }

  /** Opened with the first read, and again whenever it was put away. */
  source(path: string, packedLength: number, length: number): SegmentBytes {
    return {
      length,
      read: async (offset, count) => (await this.open(path)).read(offset, count),
      readSync: (offset, count) => this.openSync(path, packedLength).readSync(offset, count),
    }
  }

  private async open(path: string): Promise<ArchiveBytes> {
    return this.opened.has(path) ? this.keep(path) : this.keep(path, await archiveSource(this.pool, path))
  }

  private openSync(path: string, packedLength: number): ArchiveBytes {
    return this.opened.has(path) ? this.keep(path) : this.keep(path, archiveSourceSync(this.pool, path, packedLength))
  }

  private keep(path: string, fresh?: ArchiveBytes): ArchiveBytes {
    // Two readers may have opened it at once: both go on with the first.
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
