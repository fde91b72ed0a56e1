// A disk in front of another: whoever extends it says only what it does otherwise, and all else goes through.
import type { Disk, DiskFile, LockAttempt, OpenOptions, Space } from './disk.js'

export class DiskWrapper implements Disk {
  constructor(protected readonly disk: Disk) {}

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

  syncDirectory(directory: string): Promise<void> {
    return this.disk.syncDirectory(directory)
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
