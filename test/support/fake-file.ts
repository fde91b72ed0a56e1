// An open file of the fake disk.

import type { DiskFile, OpenOptions } from '../../src/backends/embedded/engine/disk/disk.js'
import type { FakeInode } from './fake-inode.js'
import type { FakePower } from './fake-power.js'
import { diskError } from './fault-plan.js'
import type { Random } from './random.js'

// Refused before a byte is taken; any other failure of a durable write comes from the flush that follows it.
const REFUSALS = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EINVAL', 'EROFS'])

/** How many bytes of a write of `length` at `position` the disk still takes. */
export type Room = (inode: FakeInode, position: number, length: number) => number

export class FakeFile implements DiskFile {
  private open = true

  constructor(
    readonly path: string,
    private readonly inode: FakeInode,
    private readonly options: OpenOptions,
    private readonly host: {
      readonly power: FakePower
      readonly room: Room
      readonly closed: (file: FakeFile) => void
    },
  ) {
    inode.handles++
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<number> {
    const { power } = this.host
    return power.operate('write', this.path, {
      whole: () => this.put(this.joined(chunks, position), position),
      short: random => {
        const data = this.joined(chunks, position)
        return this.put(data.subarray(0, data.length > 1 ? random.between(1, data.length - 1) : 0), position)
      },
      failing: (code, random) => {
        if (!this.options.durable || REFUSALS.has(code)) return
        this.inode.write(position, this.interrupted(chunks, position, random))
        this.inode.failSync()
      },
      dying: random => this.inode.write(position, this.interrupted(chunks, position, random)),
    })
  }

  sync(): Promise<void> {
    return this.host.power.operate('sync', this.path, {
      whole: () => {
        this.check('fsync', 0, false)
        this.inode.sync()
      },
      failing: () => this.inode.failSync(),
      dying: 'whole-or-nothing',
    })
  }

  truncate(length: number): Promise<void> {
    return this.host.power.operate('truncate', this.path, {
      whole: () => {
        this.check('ftruncate', length, false)
        if (this.options.mode === 'read') throw diskError('EINVAL', 'ftruncate', this.path)
        this.inode.truncate(length)
      },
      dying: 'whole-or-nothing',
    })
  }

  size(): Promise<number> {
    return this.host.power.operate('size', this.path, {
      whole: () => {
        this.check('fstat', 0, false)
        return this.inode.length
      },
    })
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return this.host.power.operate('read', this.path, { whole: () => this.get(into, position) })
  }

  readSync(into: Uint8Array, position: number): number {
    return this.host.power.operateNow('readSync', this.path, { whole: () => this.get(into, position) })
  }

  /** Not an operation that faults can strike, but without power it rejects like the others. */
  async close(): Promise<void> {
    await this.host.power.turn()
    this.host.power.require(`close ${this.path}`)
    if (!this.open) return
    this.open = false
    this.inode.handles--
    this.host.closed(this)
  }

  private get(into: Uint8Array, position: number): number {
    this.check('read', position, false)
    return this.inode.read(into, position)
  }

  private put(data: Uint8Array, position: number): number {
    if (data.length === 0) return 0
    const room = this.host.room(this.inode, position, data.length)
    if (room === 0) throw diskError('ENOSPC', 'write', this.path)
    const taken = data.subarray(0, room)
    if (this.options.durable) this.inode.writeDurably(position, taken)
    else this.inode.write(position, taken)
    return taken.length
  }

  /** What of an interrupted write had reached the cache: mostly all of it, for then the crash decides what stays. */
  private interrupted(chunks: readonly Uint8Array[], position: number, random: Random): Uint8Array {
    const data = this.joined(chunks, position)
    const room = this.host.room(this.inode, position, data.length)
    return data.subarray(0, Math.min(room, random.chance(2 / 3) ? data.length : random.below(data.length + 1)))
  }

  private joined(chunks: readonly Uint8Array[], position: number): Uint8Array {
    const data = Buffer.concat(chunks)
    // Writing nothing asks the system nothing, so nothing is refused.
    this.check('write', position, data.length > 0)
    return data
  }

  private check(syscall: string, position: number, writes: boolean): void {
    if (!Number.isSafeInteger(position) || position < 0) throw diskError('EINVAL', syscall, this.path)
    if (!this.open || (writes && this.options.mode === 'read')) throw diskError('EBADF', syscall, this.path)
  }
}
