// A disk in memory that loses what was not synced and can fail or lose power at any operation, repeatably by a seed.

import type {
  Disk,
  DiskFile,
  DiskLock,
  LockAttempt,
  OpenOptions,
  Space,
} from '../../src/backends/embedded/engine/disk/disk.js'
import { FakeFile } from './fake-file.js'
import { type CrashMode, FakeInode } from './fake-inode.js'
import { FakePower } from './fake-power.js'
import { FakeDirectory, FakeTree } from './fake-tree.js'
import { diskError, type Fault, type Operation } from './fault-plan.js'
import { Random } from './random.js'

export type { CrashMode } from './fake-inode.js'

export interface FakeDiskOptions {
  readonly seed?: number
  /** Armed from the first operation; `arm` adds more later. */
  readonly plan?: Fault | readonly Fault[]
  readonly capacityBytes?: number
  readonly capacityInodes?: number
  /** How many files may be open before EMFILE. */
  readonly descriptors?: number
  readonly fileSystem?: string
  /** Directories that exist, durably, from the start. */
  readonly directories?: readonly string[]
  /** Operations in flight together take effect in an order drawn from the seed, instead of that of the calls. */
  readonly shuffle?: boolean
}

export class FakeDisk implements Disk {
  private readonly power: FakePower
  private readonly opened = new Set<FakeFile>()

  constructor(
    private readonly options: FakeDiskOptions = {},
    private readonly tree = new FakeTree(),
  ) {
    this.power = new FakePower(new Random(options.seed ?? 1), options.plan ?? [], options.shuffle ?? false)
    for (const directory of options.directories ?? []) tree.makeDirectory(directory)
    if (options.directories) tree.syncAll()
  }

  open(path: string, options: OpenOptions): Promise<DiskFile> {
    return this.power.operate<DiskFile>('open', path, {
      whole: () => this.opening(path, options),
      dying: random => {
        if (options.mode === 'create' && random.chance(0.5)) this.create(path)
      },
    })
  }

  openSync(path: string): DiskFile {
    return this.power.operateNow<DiskFile>('openSync', path, { whole: () => this.opening(path, { mode: 'read' }) })
  }

  list(directory: string): Promise<string[]> {
    return this.power.operate('list', directory, {
      whole: () => {
        const node = this.tree.find(directory, 'scandir')
        if (node === undefined) return []
        return [...this.tree.directory(directory, 'scandir').entries.keys()].sort()
      },
    })
  }

  makeDirectory(directory: string): Promise<void> {
    return this.power.operate('makeDirectory', directory, {
      whole: () => this.tree.makeDirectory(directory),
      dying: 'whole-or-nothing',
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.power.operate('rename', `${from} -> ${to}`, {
      whole: () => this.tree.rename(from, to),
      dying: 'whole-or-nothing',
    })
  }

  unlink(path: string): Promise<void> {
    return this.power.operate('unlink', path, {
      whole: () => this.tree.unlink(path),
      dying: 'whole-or-nothing',
    })
  }

  syncDirectory(directory: string): Promise<void> {
    return this.power.operate('syncDirectory', directory, {
      whole: () => this.tree.sync(this.tree.directory(directory, 'open')),
      failing: code => {
        // Without a descriptor the sync was never tried, and a later one may still succeed.
        if (code !== 'EMFILE' && code !== 'ENFILE') this.tree.failSync(this.tree.directory(directory, 'open'))
      },
      dying: 'whole-or-nothing',
    })
  }

  space(directory: string): Promise<Space> {
    return this.power.operate('space', directory, {
      whole: () => {
        if (!this.tree.find(directory, 'statfs')) throw diskError('ENOENT', 'statfs', directory)
        const { used, inodes } = this.occupied()
        const totalBytes = this.options.capacityBytes ?? 2 ** 40
        const freeInodes = (this.options.capacityInodes ?? 2 ** 20) - inodes
        return { totalBytes, freeBytes: Math.max(0, totalBytes - used), freeInodes: Math.max(0, freeInodes) }
      },
    })
  }

  async fileSystem(): Promise<string | undefined> {
    return this.options.fileSystem ?? 'ext4'
  }

  lock(path: string, tag: string): Promise<LockAttempt> {
    return this.power.operate<LockAttempt>('lock', path, {
      whole: () => {
        const inode = this.tree.find(path, 'open') ? this.file(path) : this.create(path)
        if (inode.lock) return { holder: Buffer.from(inode.bytes()).toString() }
        inode.truncate(0)
        inode.writeDurably(0, Buffer.from(tag))
        return { lock: this.hold(path, inode) }
      },
    })
  }

  /** How many operations took effect or were struck so far. */
  get operations(): number {
    return this.power.operations
  }

  get faultsDelivered(): number {
    return this.power.plan.delivered
  }

  /** The latest operations, the last of them last. */
  get trace(): readonly Operation[] {
    return this.power.trace
  }

  /** False from the power loss on. */
  get powered(): boolean {
    return this.power.on
  }

  /** Paths of the files that are open now: a leak shows here. */
  get openFiles(): string[] {
    return [...this.opened].map(file => file.path).sort()
  }

  /** The latest operations as text, for the message of a failed test. */
  story(last = 25): string {
    return this.power.story(last)
  }

  /** Adds faults; each counts its operations from now on. */
  arm(...faults: readonly Fault[]): void {
    this.power.plan.arm(faults)
  }

  /** Failures end; a power loss to come still comes. */
  heal(): void {
    this.power.plan.heal()
  }

  /**
   * Cuts the power of this disk and gives the one found at the next start. It may be asked again, for another outcome.
   * `kill` is the death of the process alone: all writes are still visible, and what was not durable still is not.
   */
  afterCrash(seed: number, mode: CrashMode = 'random'): FakeDisk {
    this.power.cut()
    const tree = this.tree.copy()
    if (mode !== 'kill') tree.crash(new Random(seed), mode)
    return this.sibling(tree, seed)
  }

  /** A separate disk in the same state, pending changes included; without open files, locks and faults. */
  clone(): FakeDisk {
    return this.sibling(this.tree.copy(), this.options.seed ?? 1)
  }

  /** Puts another locked file in the place of a lock file, as a second process on a shared volume would. */
  steal(path: string, tag = 'thief'): void {
    this.tree.unlink(path)
    const inode = this.tree.create(path)
    inode.replace(Buffer.from(tag))
    inode.lock = Symbol(tag)
  }

  files(): string[] {
    return this.tree.files().map(([path]) => path)
  }

  bytes(path: string): Uint8Array {
    return this.file(path).bytes()
  }

  /** Creates or replaces a file, durably, name and parents included. */
  put(path: string, bytes: Uint8Array): void {
    const parent = path.slice(0, path.lastIndexOf('/'))
    this.tree.makeDirectory(parent)
    const inode = this.tree.find(path, 'open') ? this.file(path) : this.tree.create(path)
    inode.replace(bytes)
    this.tree.syncAll()
  }

  /** Inverts the bits of `mask` in one byte, on the platter. */
  flip(path: string, offset: number, mask = 0xff): void {
    const bytes = this.bytes(path)
    const before = bytes[offset]
    if (before === undefined) throw new Error(`${path} has ${bytes.length} bytes, none at ${offset}`)
    bytes[offset] = before ^ mask
    this.file(path).replace(bytes)
  }

  /** Shortens a file, on the platter. */
  cut(path: string, length: number): void {
    const bytes = this.bytes(path)
    if (length > bytes.length) throw new Error(`${path} has only ${bytes.length} bytes`)
    this.file(path).replace(bytes.subarray(0, length))
  }

  private hold(path: string, inode: FakeInode): DiskLock {
    const mine = Symbol(path)
    inode.lock = mine
    inode.handles++
    const holds = () => this.power.on && inode.lock === mine
    return {
      held: () => holds() && this.tree.find(path, 'stat') === inode,
      release: async () => {
        this.power.require(`release ${path}`)
        if (!holds()) return
        inode.lock = undefined
        inode.handles--
      },
    }
  }

  private opening(path: string, options: OpenOptions): FakeFile {
    if (this.opened.size >= (this.options.descriptors ?? Number.POSITIVE_INFINITY)) {
      throw diskError('EMFILE', 'open', path)
    }
    const inode = options.mode === 'create' ? this.create(path) : this.file(path)
    const file = new FakeFile(path, inode, options, {
      power: this.power,
      room: (grown, position, length) => this.room(grown, position, length),
      closed: closed => this.opened.delete(closed),
    })
    this.opened.add(file)
    return file
  }

  private create(path: string): FakeInode {
    if (this.tree.find(path, 'open')) throw diskError('EEXIST', 'open', path)
    const full = this.options.capacityInodes !== undefined && this.occupied().inodes >= this.options.capacityInodes
    if (full) throw diskError('ENOSPC', 'open', path)
    return this.tree.create(path)
  }

  private file(path: string): FakeInode {
    const node = this.tree.find(path, 'open')
    if (node === undefined) throw diskError('ENOENT', 'open', path)
    if (node instanceof FakeDirectory) throw diskError('EISDIR', 'open', path)
    return node
  }

  private room(inode: FakeInode, position: number, length: number): number {
    const { capacityBytes } = this.options
    if (capacityBytes === undefined) return length
    const growth = Math.max(0, position + length - inode.length)
    const missing = growth - Math.max(0, capacityBytes - this.occupied().used)
    return missing <= 0 ? length : Math.max(0, length - missing)
  }

  private occupied(): { used: number; inodes: number } {
    let used = 0
    let inodes = 0
    for (const { length } of this.tree.occupants()) {
      used += length
      inodes++
    }
    return { used, inodes }
  }

  private sibling(tree: FakeTree, seed: number): FakeDisk {
    const { plan: _plan, directories: _directories, ...kept } = this.options
    return new FakeDisk({ ...kept, seed }, tree)
  }
}
