// The `Disk` of the machine over node:fs, with positional reads and writes only.

import fs from 'node:fs'
import { dirname } from 'node:path'
import { type Disk, type DiskFile, diskErrorCode, type LockAttempt, type OpenOptions, type Space } from './disk.js'
import { fileSystemName } from './file-system-name.js'
import { lockFile } from './lock-file.js'
import { O_DIRECTORY, O_DSYNC, O_NOFOLLOW, O_NONBLOCK } from './open-flags.js'
import { promised } from './promised.js'
import { RealFile } from './real-file.js'
import { patiently } from './transient.js'

// O_APPEND is never used: with it Linux ignores the position of a write, and debris could not be overwritten.
const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL } = fs.constants

const FLAGS_OF_MODE = { create: O_RDWR | O_CREAT | O_EXCL, write: O_RDWR, read: O_RDONLY } as const

// Events are private to the owner, but a backup may run under the group, so the group may read them.
const FILE_MODE = 0o640
const DIRECTORY_MODE = 0o750

export class RealDisk implements Disk {
  async open(path: string, { mode, durable = false }: OpenOptions): Promise<DiskFile> {
    // A pipe planted under the name of a data file must not hang the open; regular files ignore O_NONBLOCK.
    const flags = FLAGS_OF_MODE[mode] | O_NOFOLLOW | O_NONBLOCK | (durable ? O_DSYNC : 0)
    const opened = () => promised<number>(done => fs.open(path, flags, FILE_MODE, done))
    // One that failed may have made the file all the same, and would find it in its own way.
    const descriptor = await (mode === 'create' ? opened() : patiently(opened))
    try {
      refuseIrregular(await promised<fs.Stats>(done => fs.fstat(descriptor, done)), path)
    } catch (error) {
      await promised<void>(done => fs.close(descriptor, done))
      throw error
    }
    return new RealFile(path, descriptor, durable && O_DSYNC === 0)
  }

  openSync(path: string): DiskFile {
    const descriptor = fs.openSync(path, FLAGS_OF_MODE.read | O_NOFOLLOW | O_NONBLOCK)
    try {
      refuseIrregular(fs.fstatSync(descriptor), path)
    } catch (error) {
      fs.closeSync(descriptor)
      throw error
    }
    return new RealFile(path, descriptor, false)
  }

  async list(directory: string): Promise<string[]> {
    try {
      const entries = await patiently(() =>
        promised<fs.Dirent[]>(done => fs.readdir(directory, { withFileTypes: true }, done)),
      )
      return entries
        .filter(entry => entry.isFile() || entry.isDirectory())
        .map(entry => entry.name)
        .sort()
    } catch (error) {
      if (diskErrorCode(error) === 'ENOENT') return []
      throw error
    }
  }

  async makeDirectory(directory: string): Promise<void> {
    try {
      await makeOne(directory)
    } catch (error) {
      const parent = dirname(directory)
      if (diskErrorCode(error) !== 'ENOENT' || parent === directory) throw error
      // Node's recursive mkdir never returns where a directory refuses new ones with ENOENT, as those of /proc do.
      if (!fs.existsSync(parent)) await this.makeDirectory(parent)
      // The parent is there by now, made here or by another caller meanwhile.
      await makeOne(directory)
    }
  }

  rename(from: string, to: string): Promise<void> {
    return promised<void>(done => fs.rename(from, to, done))
  }

  async unlink(path: string): Promise<void> {
    try {
      await promised<void>(done => fs.unlink(path, done))
    } catch (error) {
      if (diskErrorCode(error) !== 'ENOENT') throw error
    }
  }

  async syncDirectory(directory: string): Promise<void> {
    // NTFS journals its directories, and Windows has no call to sync one.
    if (process.platform === 'win32') return
    const descriptor = await promised<number>(done => fs.open(directory, O_RDONLY | O_DIRECTORY, done))
    try {
      await promised<void>(done => fs.fsync(descriptor, done))
    } finally {
      await promised<void>(done => fs.close(descriptor, done))
    }
  }

  async space(directory: string): Promise<Space> {
    const stats = await promised<fs.StatsFs>(done => fs.statfs(directory, done))
    return {
      totalBytes: stats.blocks * stats.bsize,
      freeBytes: stats.bavail * stats.bsize,
      // Btrfs and Windows have no fixed number of inodes and report none at all, which does not mean that none is left.
      freeInodes: stats.files === 0 ? Number.POSITIVE_INFINITY : stats.ffree,
    }
  }

  async fileSystem(directory: string): Promise<string | undefined> {
    const stats = await promised<fs.StatsFs>(done => fs.statfs(directory, done))
    return process.platform === 'linux' ? fileSystemName(stats.type) : undefined
  }

  lock(path: string, tag: string): Promise<LockAttempt> {
    return patiently(() => lockFile(path, tag))
  }
}

function refuseIrregular(stats: fs.Stats, path: string): void {
  if (stats.isFile()) return
  const code = stats.isDirectory() ? 'EISDIR' : 'EINVAL'
  throw Object.assign(new Error(`${code}: not a regular file, open '${path}'`), { code, syscall: 'open', path })
}

/** Resolves too when the directory is there already. */
async function makeOne(directory: string): Promise<void> {
  try {
    await promised<void>(done => fs.mkdir(directory, DIRECTORY_MODE, done))
  } catch (error) {
    if (diskErrorCode(error) !== 'EEXIST' || !fs.statSync(directory).isDirectory()) throw error
  }
}
