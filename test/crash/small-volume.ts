// A real ext4 of a few megabytes in a file, mounted, and filled as far as a test wants it.
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'

const BLOCK = 1_024

export class SmallVolume {
  private isFrozen = false

  private constructor(
    private readonly home: string,
    /** Where it is mounted. */
    readonly path: string,
  ) {}

  /** The volume, or why there can be none. */
  static mount(bytes: number): SmallVolume | string {
    if (process.platform !== 'linux') return 'mounts a file on Linux only'
    if (process.getuid?.() !== 0) return 'only root may mount'
    const home = makeTempDirectory()
    const image = join(home, 'image')
    const path = join(home, 'mounted')
    try {
      const file = openSync(image, 'w')
      ftruncateSync(file, bytes)
      closeSync(file)
      mkdirSync(path)
      run('mkfs.ext4', '-q', '-F', '-m', '0', '-b', String(BLOCK), '-N', '512', image)
      run('mount', '-o', 'loop', image, path)
      return new SmallVolume(home, path)
    } catch (error) {
      removeTempDirectory(home)
      return `mounting failed: ${String((error as Error).message).split('\n')[0]}`
    }
  }

  get free(): number {
    const { bavail, bsize } = statfsSync(this.path)
    return bavail * bsize
  }

  /** Leaves so many bytes free, give or take a few blocks. */
  fillUpTo(free: number): void {
    this.release()
    const file = openSync(this.filler, 'w')
    let size = 0
    // Some blocks that were set aside come back with the first sync.
    for (let before = -1; before < size; this.settle(file)) {
      before = size
      for (let chunk = 1 << 20; chunk >= BLOCK; chunk /= 2) size = fillWith(file, size, chunk)
    }
    ftruncateSync(file, Math.max(0, size - free))
    this.settle(file)
    closeSync(file)
  }

  /** Frees what `fillUpTo` took. */
  release(): void {
    if (!existsSync(this.filler)) return
    const file = openSync(this.filler, 'r+')
    ftruncateSync(file, 0)
    this.settle(file)
    closeSync(file)
    unlinkSync(this.filler)
  }

  remount(option: 'ro' | 'rw'): void {
    run('mount', '-o', `remount,${option}`, this.path)
  }

  /** From now on whoever writes waits. */
  freeze(): void {
    run('fsfreeze', '--freeze', this.path)
    this.isFrozen = true
  }

  thaw(): void {
    if (this.isFrozen) run('fsfreeze', '--unfreeze', this.path)
    this.isFrozen = false
  }

  unmount(): void {
    this.thaw()
    run('umount', this.path)
    removeTempDirectory(this.home)
  }

  /** The blocks of a truncated file are free once its journal entry is on disk, and not before. */
  private settle(file: number): void {
    fsyncSync(file)
    run('sync', '-f', this.path)
  }

  private get filler(): string {
    return join(this.path, 'filler')
  }
}

function fillWith(file: number, from: number, chunk: number): number {
  const zeros = Buffer.alloc(chunk, 1)
  let size = from
  for (;;) {
    try {
      size += writeSync(file, zeros, 0, chunk, size)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      return size
    }
  }
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
