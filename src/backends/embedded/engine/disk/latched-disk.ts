// The disk as the engine uses it: a failed sync of a directory latches (W6), and only the owner renames and removes.
import type { Disk } from './disk.js'
import { DiskWrapper } from './disk-wrapper.js'
import { type Latch, OwnershipLost } from './latch.js'

/**
 * A new segment and an index file lie in one directory. If the failed sync for the index were ignored, the next one
 * would report the segment's name as durable, which it is not.
 */
export class LatchedDisk extends DiskWrapper {
  constructor(
    disk: Disk,
    private readonly latch: Latch,
    private readonly owned: () => boolean = () => true,
  ) {
    super(disk)
  }

  override syncDirectory(directory: string): Promise<void> {
    return this.latch.guard(() => this.disk.syncDirectory(directory))
  }

  override async rename(from: string, to: string): Promise<void> {
    this.mustOwn()
    return this.disk.rename(from, to)
  }

  override async unlink(path: string): Promise<void> {
    this.mustOwn()
    return this.disk.unlink(path)
  }

  /** A process that wakes up after it lost the directory must not replace or remove a file of the new owner. */
  private mustOwn(): void {
    if (!this.owned()) throw new OwnershipLost('another process took over the data directory')
  }
}
