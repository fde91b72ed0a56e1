// A disk whose writes and new files can be held up, and its reads too, so that a test can look at a store meanwhile.
import type { DiskFile, OpenOptions } from '../../src/backends/embedded/engine/disk/disk.js'
import { DiskWrapper } from '../../src/backends/embedded/engine/disk/disk-wrapper.js'

export class HeldDisk extends DiskWrapper {
  private gate: PromiseWithResolvers<void> | undefined
  private arrival: PromiseWithResolvers<void> | undefined
  private holdsReads = false

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

  override async open(path: string, options: OpenOptions): Promise<DiskFile> {
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
}
