// A disk that watches over another: after a failed sync nothing may write to that file or directory, or sync it, any more.
import { type DiskFile, diskErrorCode, type OpenOptions } from '../../src/backends/embedded/engine/disk/disk.js'
import { DiskWrapper } from '../../src/backends/embedded/engine/disk/disk-wrapper.js'

/** Told before anything was written, so nothing was lost: the one kind of failure after which the file may be used again. */
const REFUSED = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE', 'ENFILE'])

export class SyncWitness extends DiskWrapper {
  /** Uses of a file after its sync had failed. */
  readonly violations: string[] = []
  failedSyncs = 0
  private readonly inodes = new Map<string, symbol>()
  private failed = new Set<symbol | string>()

  /** Another process: what an earlier one did is not its doing. */
  newProcess(): void {
    this.failed = new Set()
  }

  override async open(path: string, options: OpenOptions): Promise<DiskFile> {
    const file = await this.disk.open(path, options)
    const known = options.mode === 'create' ? undefined : this.inodes.get(path)
    const inode = known ?? Symbol(path)
    this.inodes.set(path, inode)
    return this.watched(file, inode, options.durable === true)
  }

  override async rename(from: string, to: string): Promise<void> {
    await this.disk.rename(from, to)
    const inode = this.inodes.get(from)
    this.inodes.delete(from)
    if (inode !== undefined) this.inodes.set(to, inode)
  }

  override async unlink(path: string): Promise<void> {
    await this.disk.unlink(path)
    this.inodes.delete(path)
  }

  override syncDirectory(directory: string): Promise<void> {
    return this.watch(directory, `sync of ${directory}`, true, () => this.disk.syncDirectory(directory))
  }

  private watched(file: DiskFile, inode: symbol, durable: boolean): DiskFile {
    const { path } = file
    return {
      path,
      write: (chunks, position) => this.watch(inode, `write to ${path}`, durable, () => file.write(chunks, position)),
      sync: () => this.watch(inode, `sync of ${path}`, true, () => file.sync()),
      truncate: length => this.watch(inode, `truncation of ${path}`, false, () => file.truncate(length)),
      size: () => file.size(),
      read: (into, position) => file.read(into, position),
      readSync: (into, position) => file.readSync(into, position),
      close: () => file.close(),
    }
  }

  private async watch<T>(inode: symbol | string, what: string, syncs: boolean, work: () => Promise<T>): Promise<T> {
    if (this.failed.has(inode)) this.violations.push(`${what} after a failed sync`)
    try {
      return await work()
    } catch (error) {
      const code = diskErrorCode(error)
      if (syncs && code !== undefined && !REFUSED.has(code)) {
        this.failed.add(inode)
        this.failedSyncs++
      }
      throw error
    }
  }
}
