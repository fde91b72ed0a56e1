// A disk whose writes and new files can be held up, and its reads too, so that a test can look at a store meanwhile.
import type { Disk, DiskFile, LockAttempt, OpenOptions, Space } from '../../src/backends/embedded/engine/disk/disk.js'

export class HeldDisk implements Disk {
  private gate: PromiseWithResolvers<void> | undefined
  private arrival: PromiseWithResolvers<void> | undefined
  private holdsReads = false

  constructor(private readonly disk: Disk) {}

  /** From now on every write waits, and every new file. */
  hold(more: { readonly reads: boolean } = { reads: false }): void {
    this.holdsReads = more.reads
    this.gate = Promise.withResolvers()
    this.arrival = Promise.withResolvers()
  }

  /** Resolves when something waits. */
  async arrived(): Promise<void> {
    await this.arrival?.promise
  }

  release(): void {
    this.gate?.resolve()
    this.gate = undefined
  }

  async open(path: string, options: OpenOptions): Promise<DiskFile> {
    const passed = async () => {
      this.arrival?.resolve()
      await this.gate?.promise
    }
    if (options.mode === 'create') await passed()
    const file = await this.disk.open(path, options)
    return {
      path,
      write: async (chunks, position) => {
        await passed()
        return file.write(chunks, position)
      },
      sync: () => file.sync(),
      truncate: length => file.truncate(length),
      size: () => file.size(),
      read: async (into, position) => {
        if (this.holdsReads) await this.gate?.promise
        return file.read(into, position)
      },
      readSync: (into, position) => file.readSync(into, position),
      close: () => file.close(),
    }
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
