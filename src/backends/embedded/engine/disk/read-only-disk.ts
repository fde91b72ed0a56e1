// A disk that refuses every change, so that code which only inspects a store cannot alter it.
import type { Disk, DiskFile, LockAttempt, OpenOptions, Space } from './disk.js'

export class ReadOnlyDisk implements Disk {
  constructor(private readonly disk: Disk) {}

  open(path: string, options: OpenOptions): Promise<DiskFile> {
    return options.mode === 'read' ? this.disk.open(path, options) : refuse('open', path)
  }

  openSync(path: string): DiskFile {
    return this.disk.openSync(path)
  }

  list(directory: string): Promise<string[]> {
    return this.disk.list(directory)
  }

  makeDirectory(directory: string): Promise<void> {
    return refuse('mkdir', directory)
  }

  rename(from: string): Promise<void> {
    return refuse('rename', from)
  }

  unlink(path: string): Promise<void> {
    return refuse('unlink', path)
  }

  syncDirectory(directory: string): Promise<void> {
    return refuse('fsync', directory)
  }

  space(directory: string): Promise<Space> {
    return this.disk.space(directory)
  }

  fileSystem(directory: string): Promise<string | undefined> {
    return this.disk.fileSystem(directory)
  }

  lock(path: string): Promise<LockAttempt> {
    return refuse('lock', path)
  }
}

async function refuse(syscall: string, path: string): Promise<never> {
  throw Object.assign(new Error(`EROFS: only looking, ${syscall} '${path}'`), { code: 'EROFS', syscall, path })
}
