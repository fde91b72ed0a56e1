// A disk of which one opening or reading fails, or all from one on, with any code; what is written comes through.
import type { DiskFile, OpenOptions } from '../../src/backends/embedded/engine/disk/disk.js'
import { DiskWrapper } from '../../src/backends/embedded/engine/disk/disk-wrapper.js'
import { diskError } from './fault-plan.js'

export interface ReadFault {
  /** Counted from 1, from when it is armed. */
  readonly at: number
  readonly code: string
  readonly forGood: boolean
}

export class FailingReads extends DiskWrapper {
  /** Since a fault was armed. */
  operations = 0
  delivered = 0
  private fault: ReadFault | undefined

  arm(fault: ReadFault): void {
    this.fault = fault
    this.operations = 0
    this.delivered = 0
  }

  heal(): void {
    this.fault = undefined
  }

  override async open(path: string, options: OpenOptions): Promise<DiskFile> {
    if (options.mode === 'read') this.strike('open', path)
    return this.watched(await this.disk.open(path, options))
  }

  override openSync(path: string): DiskFile {
    this.strike('open', path)
    return this.watched(this.disk.openSync(path))
  }

  override async list(directory: string): Promise<string[]> {
    this.strike('scandir', directory)
    return this.disk.list(directory)
  }

  private watched(file: DiskFile): DiskFile {
    return {
      path: file.path,
      write: (chunks, position) => file.write(chunks, position),
      sync: () => file.sync(),
      truncate: length => file.truncate(length),
      close: () => file.close(),
      size: async () => {
        this.strike('fstat', file.path)
        return file.size()
      },
      read: async (into, position) => {
        // As a thread of the pool does: the failure comes some turns later.
        await new Promise(setImmediate)
        this.strike('read', file.path)
        return file.read(into, position)
      },
      readSync: (into, position) => {
        this.strike('read', file.path)
        return file.readSync(into, position)
      },
    }
  }

  private strike(syscall: string, path: string): void {
    const { fault } = this
    if (fault === undefined) return
    this.operations++
    if (this.operations !== fault.at && !(fault.forGood && this.operations > fault.at)) return
    this.delivered++
    throw diskError(fault.code, syscall, path)
  }
}
