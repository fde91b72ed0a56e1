// The disk as the engine uses it: a failed sync of a directory latches (W6), and only the owner renames and removes.
import type { Disk, DiskFile, LockAttempt, OpenOptions, Space } from './disk.js'
import { type Latch, OwnershipLost } from './latch.js'

/**
 * A new segment and an index file lie in one directory. If the failed sync for the index were ignored, the next one
 * would report the segment's name as durable, which it is not.
 */
export class LatchedDisk implements Disk {
  constructor(
    private readonly disk: Disk,
    private readonly latch: Latch,
    private readonly owned: () => boolean = () => true,
  ) {}

  syncDirectory(directory: string): Promise<void> {
    return this.latch.guard(() => this.disk.syncDirectory(directory))
  }

  open(path: string, options: OpenOptions): Promise<DiskFile> {
    return this.disk.open(path, options)
  }

  openSync(path: string): DiskFile {
    return this.disk.openSync(path)
  }

  list(directory: string): Promise<string[]> {
    return this.disk.list(directory)
  }

  makeDirectory(directory: string): Promise<void> {
    return this.disk.makeDirectory(directory)
  }

  async rename(from: string, to: string): Promise<void> {
    this.mustOwn()
    return this.disk.rename(from, to)
  }

  async unlink(path: string): Promise<void> {
    this.mustOwn()
    return this.disk.unlink(path)
  }

  space(directory: string): Promise<Space> {
    return this.disk.space(directory)
  }

  fileSystem(directory: string): Promise<string | undefined> {
    return this.disk.fileSystem(directory)
  }

  lock(path: string, tag: string): Promise<LockAttempt> {
    return this.disk.lock(path, tag)
  }

  /** A process that wakes up after it lost the directory must not replace or remove a file of the new owner. */
  private mustOwn(): void {
    if (!this.owned()) throw new OwnershipLost('another process took over the data directory')
  }
}
