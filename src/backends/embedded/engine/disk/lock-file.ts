// Takes the kernel's lock on a file without waiting. The kernel frees it with the process; a tag says who holds it.

import fs from 'node:fs'
import { tryLock, unlock } from 'fs-native-extensions'
import { type DiskLock, diskErrorCode, type LockAttempt } from './disk.js'
import { O_NOFOLLOW } from './open-flags.js'
import { promised } from './promised.js'

const FLAGS = fs.constants.O_RDWR | fs.constants.O_CREAT | O_NOFOLLOW

// The locked byte lies far behind the tag, because on Windows others cannot read a locked range, and must read the tag.
const LOCKED_BYTE = 2 ** 40
const ATTEMPTS = 10
const LONGEST_TAG = 4096

/**
 * On Linux the lock belongs to the open file description: two descriptors of one process exclude each other, and
 * closing some other descriptor of the file does not free the lock, as it would with the older POSIX locks.
 */
export async function lockFile(path: string, tag: string): Promise<LockAttempt> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const descriptor = await promised<number>(done => fs.open(path, FLAGS, 0o640, done))
    let keep = false
    try {
      if (!tryLockByte(descriptor)) return { holder: readTag(descriptor) }
      const lock = new LockedFile(path, descriptor)
      if (lock.held()) {
        writeTag(descriptor, tag)
        await promised<void>(done => fs.fsync(descriptor, done))
        keep = true
        return { lock }
      }
      // Another file was put in place between the open and the lock, so this one locks nothing.
    } finally {
      if (!keep) await promised<void>(done => fs.close(descriptor, done))
    }
  }
  throw Object.assign(new Error(`EAGAIN: the lock file keeps being replaced, lock '${path}'`), { code: 'EAGAIN', path })
}

class LockedFile implements DiskLock {
  private readonly inode: bigint
  private readonly device: bigint
  private releasing: Promise<void> | undefined

  constructor(
    private readonly path: string,
    private readonly descriptor: number,
  ) {
    const stats = fs.fstatSync(descriptor, { bigint: true })
    this.inode = stats.ino
    this.device = stats.dev
  }

  /** The open descriptor keeps the inode alive, so its number cannot come back on another file. */
  held(): boolean {
    if (this.releasing) return false
    try {
      const now = fs.statSync(this.path, { bigint: true, throwIfNoEntry: false })
      return now !== undefined && now.ino === this.inode && now.dev === this.device
    } catch {
      // A path that cannot be examined proves nothing, and a process that cannot prove its ownership must not write.
      return false
    }
  }

  release(): Promise<void> {
    this.releasing ??= this.unlockAndClose()
    return this.releasing
  }

  private async unlockAndClose(): Promise<void> {
    // The file stays, because removing it would let two processes lock two files of the same name.
    unlock(this.descriptor, LOCKED_BYTE, 1)
    await promised<void>(done => fs.close(this.descriptor, done))
  }
}

function tryLockByte(descriptor: number): boolean {
  try {
    return tryLock(descriptor, LOCKED_BYTE, 1)
  } catch (error) {
    // The library handles EAGAIN, but Windows reports EBUSY and some Unix systems EACCES, which mean the same.
    const code = diskErrorCode(error)
    if (code === 'EBUSY' || code === 'EACCES') return false
    throw error
  }
}

function readTag(descriptor: number): string {
  const bytes = Buffer.alloc(LONGEST_TAG)
  return bytes.toString('utf8', 0, fs.readSync(descriptor, bytes, 0, bytes.length, 0))
}

/** No await comes between the lock and this, so a contender hardly ever reads the tag of the previous holder. */
function writeTag(descriptor: number, tag: string): void {
  const bytes = Buffer.from(tag)
  try {
    // The old tag is overwritten before it is cut, because that needs no new block on a full disk.
    fs.writeSync(descriptor, bytes, 0, bytes.length, 0)
    fs.ftruncateSync(descriptor, bytes.length)
  } catch (error) {
    // The tag is for people. The lock holds without it, so a full disk must not keep a store from opening.
    if (diskErrorCode(error) !== 'ENOSPC' && diskErrorCode(error) !== 'EDQUOT') throw error
  }
}
