// The disk as the engine uses it: whoever syncs a directory, a failure of it is final for the whole process (W6).
import type { Disk, DiskFile, LockAttempt, OpenOptions, Space } from './disk.js'
import type { Latch } from './latch.js'

/**
 * A new segment and an index file lie in one directory: were the failed sync of the index let pass, the next one would
 * call the segment's name durable, which it is not.
 */
export class LatchedDisk implements Disk {
  constructor(
    private readonly disk: Disk,
    private readonly latch: Latch,
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

  rename(from: string, to: string): Promise<void> {
    return this.disk.rename(from, to)
  }

  unlink(path: string): Promise<void> {
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
}
