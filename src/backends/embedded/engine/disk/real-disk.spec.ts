// Holds the real disk to the port on the file system of this machine.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { mock } from 'node:test'
import { describe, expect, test } from '@jest/globals'
import { withTempDirectory } from '../../../../../test/support/temp-directory.js'
import { type DiskLock, diskErrorCode } from './disk.js'
import { fileSystemName } from './file-system-name.js'
import { isNoSpace } from './latch.js'
import { lockFile } from './lock-file.js'
import { RealDisk } from './real-disk.js'
import { RealFile } from './real-file.js'

const disk = new RealDisk()
// skip: they look into /proc, or at numbers only Linux gives.
const onLinux = process.platform === 'linux' ? test : test.skip
// skip: Windows has neither links everyone may make nor a sync of directories.
const onUnix = process.platform === 'win32' ? test.skip : test
const data = (...chunks: string[]) => chunks.map(chunk => Buffer.from(chunk))

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(() => 'done', diskErrorCode)
}

function locked(attempt: Awaited<ReturnType<RealDisk['lock']>>): DiskLock {
  if (!('lock' in attempt)) throw new Error(`held by ${attempt.holder}`)
  return attempt.lock
}

describe('files', () => {
  test('chunks are written one after the other, at the position and nowhere else', () =>
    withTempDirectory(async directory => {
      const path = join(directory, 'a')
      const file = await disk.open(path, { mode: 'create' })
      expect(await file.write(data('one', '', 'two'), 0)).toBe(6)
      expect(await file.write(data('X'), 2)).toBe(1)
      expect(await file.write([], 0)).toBe(0)
      expect(await file.write(data(''), 0)).toBe(0)
      await file.sync()
      await file.close()
      expect(fs.readFileSync(path, 'utf8')).toBe('onXtwo')
    }))

  test('more chunks than one call takes are all written, in order', () =>
    withTempDirectory(async directory => {
      const path = join(directory, 'a')
      const file = await disk.open(path, { mode: 'create', durable: true })
      const chunks = Array.from({ length: 3000 }, (_, index) => Buffer.from(`${index} `))
      const whole = Buffer.concat(chunks)
      expect(await file.write(chunks, 5)).toBe(whole.length)
      expect(fs.readFileSync(path).subarray(5)).toEqual(whole)
      await file.close()
    }))

  test('a read is short only at the end of the file', () =>
    withTempDirectory(async directory => {
      const file = await disk.open(join(directory, 'a'), { mode: 'create' })
      await file.write(data('0123456789'), 0)
      const into = Buffer.alloc(6)
      expect(await file.read(into, 2)).toBe(6)
      expect(into.toString()).toBe('234567')
      expect(await file.read(into, 7)).toBe(3)
      expect(file.readSync(into, 8)).toBe(2)
      expect(into.toString()).toBe('899567')
      expect(await file.read(into, 10)).toBe(0)
      expect(file.readSync(into, 99)).toBe(0)
      expect(await file.read(new Uint8Array(0), 0)).toBe(0)
      await file.close()
    }))

  test('truncation changes the size, and a later write leaves zeros between', () =>
    withTempDirectory(async directory => {
      const path = join(directory, 'a')
      const file = await disk.open(path, { mode: 'create' })
      await file.write(data('0123456789'), 0)
      await file.truncate(3)
      expect(await file.size()).toBe(3)
      await file.write(data('x'), 5)
      expect(fs.readFileSync(path, 'utf8')).toBe('012\0\0x')
      await file.close()
    }))

  test('create wants no file, write and read want one, read writes nothing', () =>
    withTempDirectory(async directory => {
      const path = join(directory, 'a')
      expect(await codeOf(disk.open(path, { mode: 'read' }))).toBe('ENOENT')
      expect(await codeOf(disk.open(path, { mode: 'write' }))).toBe('ENOENT')
      await (await disk.open(path, { mode: 'create' })).close()
      expect(await codeOf(disk.open(path, { mode: 'create' }))).toBe('EEXIST')
      const file = await disk.open(path, { mode: 'read' })
      expect(await codeOf(file.write(data('x'), 0))).toBe('EBADF')
      await file.close()
    }))

  test('an error of an open file names the file', () =>
    withTempDirectory(async directory => {
      const path = join(directory, 'a')
      await (await disk.open(path, { mode: 'create' })).close()
      const file = await disk.open(path, { mode: 'read' })
      await expect(file.write(data('x'), 0)).rejects.toMatchObject({ path })
      await file.close()
    }))

  test('a position that is no position is refused, not taken for the current one', () =>
    withTempDirectory(async directory => {
      const file = await disk.open(join(directory, 'a'), { mode: 'create' })
      for (const position of [-1, 0.5, Number.NaN, 2 ** 60]) {
        expect(await codeOf(file.write(data('x'), position))).toBe('EINVAL')
        expect(await codeOf(file.read(Buffer.alloc(1), position))).toBe('EINVAL')
        expect(await codeOf(file.truncate(position))).toBe('EINVAL')
        expect(() => file.readSync(Buffer.alloc(1), position)).toThrow('EINVAL')
      }
      expect(await file.size()).toBe(0)
      await file.close()
    }))

  test('after close nothing reaches the descriptor, which the system may have given to another file', () =>
    withTempDirectory(async directory => {
      const file = await disk.open(join(directory, 'a'), { mode: 'create' })
      await Promise.all([file.close(), file.close()])
      const other = await disk.open(join(directory, 'b'), { mode: 'create' })
      expect(await codeOf(file.write(data('x'), 0))).toBe('EBADF')
      expect(await codeOf(file.truncate(5))).toBe('EBADF')
      expect(await codeOf(file.sync())).toBe('EBADF')
      expect(() => file.readSync(Buffer.alloc(1), 0)).toThrow('EBADF')
      expect(await other.size()).toBe(0)
      await other.close()
    }))

  test('close waits for the calls in flight', () =>
    withTempDirectory(async directory => {
      const path = join(directory, 'a')
      const file = await disk.open(path, { mode: 'create' })
      const ended: string[] = []
      const writing = file.write(data('late'), 0).then(() => ended.push('write'))
      const closing = file.close().then(() => ended.push('close'))
      await Promise.all([writing, closing])
      expect(ended).toEqual(['write', 'close'])
      expect(fs.readFileSync(path, 'utf8')).toBe('late')
    }))

  onUnix('no link is followed, and nothing but a regular file is opened', () =>
    withTempDirectory(async directory => {
      fs.writeFileSync(join(directory, 'a'), 'x')
      fs.symlinkSync(join(directory, 'a'), join(directory, 'link'))
      for (const mode of ['read', 'write'] as const) {
        expect(await codeOf(disk.open(join(directory, 'link'), { mode }))).toBe('ELOOP')
        expect(await codeOf(disk.open(directory, { mode }))).toBe('EISDIR')
      }
      expect(await codeOf(disk.open(join(directory, 'link'), { mode: 'create' }))).toBe('EEXIST')
      expect(await codeOf(disk.lock(join(directory, 'link'), 'me'))).toBe('ELOOP')
      expect(() => disk.openSync(join(directory, 'link'))).toThrow('ELOOP')
      expect(() => disk.openSync(directory)).toThrow('EISDIR')
      expect(await codeOf(disk.open('/dev/null', { mode: 'read' }))).toBe('EINVAL')
    }),
  )

  test('a file opened at once can be read', () =>
    withTempDirectory(async directory => {
      fs.writeFileSync(join(directory, 'a'), 'abc')
      const file = disk.openSync(join(directory, 'a'))
      const into = Buffer.alloc(3)
      expect(file.readSync(into, 0)).toBe(3)
      expect(into.toString()).toBe('abc')
      await file.close()
      expect(() => disk.openSync(join(directory, 'b'))).toThrow('ENOENT')
    }))

  onLinux('durable files are opened with O_DSYNC, and none with O_APPEND', () =>
    withTempDirectory(async directory => {
      const flagsOf = (name: string) => {
        for (const descriptor of fs.readdirSync('/proc/self/fd')) {
          const target = fs.readlinkSync(`/proc/self/fd/${descriptor}`, { encoding: 'utf8' })
          if (target !== fs.realpathSync(join(directory, name))) continue
          const info = fs.readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8')
          return Number.parseInt(/flags:\s*(\d+)/.exec(info)?.[1] ?? '', 8)
        }
        throw new Error(`${name} is not open`)
      }
      const { O_DSYNC, O_APPEND } = fs.constants
      const plain = await disk.open(join(directory, 'plain'), { mode: 'create' })
      const durable = await disk.open(join(directory, 'durable'), { mode: 'create', durable: true })
      expect(flagsOf('plain') & (O_DSYNC | O_APPEND)).toBe(0)
      expect(flagsOf('durable') & (O_DSYNC | O_APPEND)).toBe(O_DSYNC)
      await plain.close()
      await durable.close()
    }),
  )
})

describe('directories', () => {
  onUnix('lists files and directories, sorted, but nothing that is a link', () =>
    withTempDirectory(async directory => {
      fs.writeFileSync(join(directory, 'b'), '')
      fs.mkdirSync(join(directory, 'c'))
      fs.writeFileSync(join(directory, 'a'), '')
      fs.symlinkSync('a', join(directory, 'link'))
      fs.symlinkSync('c', join(directory, 'linked-directory'))
      expect(await disk.list(directory)).toEqual(['a', 'b', 'c'])
      expect(await disk.list(join(directory, 'nowhere'))).toEqual([])
      expect(await codeOf(disk.list(join(directory, 'a')))).toBe('ENOTDIR')
    }),
  )

  test('makes parents, renames over, unlinks what may be missing, syncs', () =>
    withTempDirectory(async directory => {
      const inner = join(directory, 'x', 'y')
      await disk.makeDirectory(inner)
      await disk.makeDirectory(inner)
      fs.writeFileSync(join(inner, 'a'), 'new')
      fs.writeFileSync(join(inner, 'b'), 'old')
      await disk.rename(join(inner, 'a'), join(inner, 'b'))
      expect(fs.readFileSync(join(inner, 'b'), 'utf8')).toBe('new')
      await disk.syncDirectory(inner)
      await disk.unlink(join(inner, 'b'))
      await disk.unlink(join(inner, 'b'))
      expect(await disk.list(inner)).toEqual([])
    }))

  onUnix('a directory that is none cannot be synced', () =>
    withTempDirectory(async directory => {
      fs.writeFileSync(join(directory, 'a'), '')
      expect(await codeOf(disk.syncDirectory(join(directory, 'a')))).toBe('ENOTDIR')
      expect(await codeOf(disk.syncDirectory(join(directory, 'b')))).toBe('ENOENT')
    }),
  )

  test('tells the space', () =>
    withTempDirectory(async directory => {
      const { totalBytes, freeBytes, freeInodes } = await disk.space(directory)
      expect(totalBytes).toBeGreaterThan(freeBytes)
      expect(freeBytes).toBeGreaterThan(0)
      expect(freeInodes).toBeGreaterThan(0)
    }))

  onLinux('names the file system', async () => {
    expect(await disk.fileSystem('/proc')).toBe('0x9fa0')
    if (fs.existsSync('/dev/shm')) expect(await disk.fileSystem('/dev/shm')).toBe('tmpfs')
  })

  test('numbers of file systems are known with and without their sign', () => {
    const named = ['ext4', 'xfs', 'btrfs', 'nfs', 'cifs', 'ramfs', 'f2fs']
    const numbers = [0xef53, 0x58465342, 0x9123683e, 0x6969, 0xff534d42, 0x858458f6, 0xf2f52010]
    expect(numbers.map(fileSystemName)).toEqual(named)
    expect(numbers.map(number => fileSystemName(number | 0))).toEqual(named)
  })
})

describe('lock', () => {
  test('excludes a second holder, also of the same process, and tells the tag', () =>
    withTempDirectory(async directory => {
      const path = join(directory, 'lock')
      const lock = locked(await disk.lock(path, 'the first and longer tag'))
      expect(lock.held()).toBe(true)
      expect(await disk.lock(path, 'second')).toEqual({ holder: 'the first and longer tag' })
      await lock.release()
      await lock.release()
      expect(lock.held()).toBe(false)
      const second = locked(await disk.lock(path, 'second'))
      expect(await disk.lock(path, 'third')).toEqual({ holder: 'second' })
      await second.release()
      expect(fs.readFileSync(path, 'utf8')).toBe('second')
    }))

  test('a refused attempt does not free the lock of the holder', () =>
    withTempDirectory(async directory => {
      const path = join(directory, 'lock')
      const lock = locked(await disk.lock(path, 'holder'))
      for (let attempt = 0; attempt < 3; attempt++) {
        expect(await disk.lock(path, 'other')).toEqual({ holder: 'holder' })
      }
      fs.closeSync(fs.openSync(path, 'r+'))
      expect(await disk.lock(path, 'other')).toEqual({ holder: 'holder' })
      await lock.release()
    }))

  test('is not held once the file is removed or replaced', () =>
    withTempDirectory(async directory => {
      const path = join(directory, 'lock')
      const first = locked(await disk.lock(path, 'first'))
      fs.unlinkSync(path)
      expect(first.held()).toBe(false)
      const second = locked(await disk.lock(path, 'second'))
      expect(first.held()).toBe(false)
      expect(second.held()).toBe(true)
      await first.release()
      expect(second.held()).toBe(true)
      await second.release()
    }))

  onLinux('another process is refused, and its death frees the lock', () =>
    withTempDirectory(async directory => {
      const path = join(directory, 'lock')
      const script = `
        const fs = require('node:fs')
        const { tryLock } = require('fs-native-extensions')
        const descriptor = fs.openSync(process.argv[1], 'w+')
        fs.writeSync(descriptor, 'child')
        if (tryLock(descriptor, 2 ** 40, 1)) process.stdout.write('locked')
        process.stdin.resume()`
      const child = spawn(process.execPath, ['-e', script, path], { stdio: ['pipe', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      expect(await disk.lock(path, 'parent')).toEqual({ holder: 'child' })
      child.kill('SIGKILL')
      await once(child, 'exit')
      const lock = locked(await disk.lock(path, 'parent'))
      expect(lock.held()).toBe(true)
      await lock.release()
    }),
  )
})

describe('directories to be made', () => {
  test('are made with those above them, and again without harm', () =>
    withTempDirectory(async directory => {
      const path = join(directory, 'a', 'b', 'c')
      await Promise.all([disk.makeDirectory(path), disk.makeDirectory(path)])
      await disk.makeDirectory(path)
      expect(fs.statSync(path).isDirectory()).toBe(true)
    }))

  test('are not made in the place of a file, nor below one', () =>
    withTempDirectory(async directory => {
      fs.writeFileSync(join(directory, 'a'), '')
      expect(await codeOf(disk.makeDirectory(join(directory, 'a')))).toBe('EEXIST')
      expect(await codeOf(disk.makeDirectory(join(directory, 'a', 'b', 'c')))).toBe('ENOTDIR')
    }))

  onLinux('are refused where the system makes none', async () => {
    expect(await codeOf(disk.makeDirectory('/proc/none/below'))).toBe('ENOENT')
  })
})

test('a sync after a write that finds no room is a failed sync and not a full disk', async () => {
  await withTempDirectory(async directory => {
    const path = join(directory, 'x')
    const file = new RealFile(path, fs.openSync(path, 'w+'), true)
    const full = Object.assign(new Error('ENOSPC: fdatasync'), { code: 'ENOSPC' })
    const sync = mock.method(fs, 'fdatasync', (_: number, done: fs.NoParamCallback) => done(full))
    const failure = await file.write(data('abc'), 0).catch((error: unknown) => error)
    sync.mock.restore()
    expect(failure).toMatchObject({ code: 'EIO', syscall: 'fdatasync', cause: full })
    expect(isNoSpace(failure)).toBe(false)
    await file.close()
  })
})

test('what is no file is not unlinked, and the error says so', () =>
  withTempDirectory(async directory => {
    expect(['EISDIR', 'EPERM']).toContain(await codeOf(disk.unlink(directory)))
    expect(await codeOf(disk.unlink(join(directory, 'nothing')))).toBe('done')
  }))

onLinux('a file system without a number of inodes has no end of them', async () => {
  expect((await disk.space('/proc')).freeInodes).toBe(Number.POSITIVE_INFINITY)
})

onUnix('a lock whose path cannot be looked at is not held', () =>
  withTempDirectory(async directory => {
    const place = join(directory, 'place')
    fs.mkdirSync(place)
    const lock = locked(await disk.lock(join(place, 'lock'), 'me'))
    expect(lock.held()).toBe(true)
    fs.renameSync(place, join(directory, 'elsewhere'))
    fs.writeFileSync(place, 'a file where the directory was')
    expect(lock.held()).toBe(false)
    await lock.release()
  }),
)

describe('a lock file', () => {
  const inPlace = (work: (path: string) => Promise<void>) =>
    withTempDirectory(directory => work(join(directory, 'lock')))

  test('that is replaced whenever it is locked is given up by name, and no descriptor stays', () =>
    inPlace(async path => {
      const replaced = mock.method(fs, 'statSync', () => undefined)
      try {
        await expect(lockFile(path, 'me')).rejects.toMatchObject({ code: 'EAGAIN', path })
      } finally {
        replaced.mock.restore()
      }
      await locked(await lockFile(path, 'me')).release()
    }))

  test.each([
    ['ENOSPC', 'locked'],
    ['EDQUOT', 'locked'],
    ['EIO', 'EIO'],
  ])('into which its holder cannot be written (%s) is %s', (code, outcome) =>
    inPlace(async path => {
      const full = mock.method(fs, 'writeSync', () => {
        throw Object.assign(new Error(code), { code })
      })
      const attempt = await lockFile(path, 'me').catch(diskErrorCode)
      full.mock.restore()
      if (typeof attempt === 'object') await locked(attempt).release()
      expect(typeof attempt === 'object' ? 'locked' : attempt).toBe(outcome)
    }),
  )
})
