// Proves the fake disk: it judges everything else, so each of its promises is held here.
import { describe, expect, test } from '@jest/globals'
import { type DiskFile, diskErrorCode } from '../../src/backends/embedded/engine/disk/disk.js'
import { type CrashMode, FakeDisk, type FakeDiskOptions } from './fake-disk.js'
import { type OperationKind, PowerLoss } from './fault-plan.js'

const SECTOR = 512
const seeds = Array.from({ length: 200 }, (_, index) => index)

const fresh = (options: FakeDiskOptions = {}) => new FakeDisk({ directories: ['/d'], ...options })
const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte)
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
const data = (content: string) => [Buffer.from(content)]

/** Resolves with the code a promise rejects with, and 'done' when it does not. */
async function outcome(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise
    return 'done'
  } catch (error) {
    return error instanceof PowerLoss ? 'PowerLoss' : diskErrorCode(error)
  }
}

/** A file whose content and name are durable. */
async function settled(disk: FakeDisk, path: string, content: Uint8Array): Promise<DiskFile> {
  const file = await disk.open(path, { mode: 'create' })
  await file.write([content], 0)
  await file.sync()
  await disk.syncDirectory('/d')
  return file
}

async function readAll(file: DiskFile): Promise<string> {
  const bytes = new Uint8Array(await file.size())
  await file.read(bytes, 0)
  return text(bytes)
}

/** The content of a file after a crash under every seed, as text; `gone` when the file does not exist. */
function contentsAfter(disk: FakeDisk, path: string, mode: CrashMode = 'random'): Set<string> {
  return new Set(
    seeds.map(seed => {
      const next = disk.afterCrash(seed, mode)
      return next.files().includes(path) ? text(next.bytes(path)) : 'gone'
    }),
  )
}

describe('content', () => {
  test('what no sync covered is lost, kept or torn', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', filled(SECTOR, 1))
    await file.write([filled(SECTOR, 2)], SECTOR)
    expect(disk.bytes('/d/a')).toHaveLength(2 * SECTOR)
    expect(disk.afterCrash(1, 'lose-all').bytes('/d/a')).toEqual(filled(SECTOR, 1))
    expect(disk.afterCrash(1, 'keep-all').bytes('/d/a')).toEqual(
      Uint8Array.from([...filled(SECTOR, 1), ...filled(SECTOR, 2)]),
    )
  })

  test('what a sync covered survives every crash', async () => {
    const disk = fresh()
    const file = await disk.open('/d/a', { mode: 'create' })
    await disk.syncDirectory('/d')
    await file.write(data('hello'), 0)
    await file.sync()
    await file.write(data('!'), 5)
    for (const seed of seeds) expect(text(disk.afterCrash(seed).bytes('/d/a'))).toMatch(/^hello/)
  })

  test('a sync covers writes through other descriptors of the file', async () => {
    const disk = fresh()
    const one = await settled(disk, '/d/a', new Uint8Array(0))
    const other = await disk.open('/d/a', { mode: 'write' })
    await one.write(data('one'), 0)
    await other.write(data('two'), 3)
    await other.sync()
    expect(contentsAfter(disk, '/d/a')).toEqual(new Set(['onetwo']))
  })

  test('a torn write leaves a beginning, or any of its sectors, over zeros or the old content', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', filled(2 * SECTOR, 1))
    await file.write([filled(4 * SECTOR, 2)], 0)
    const seen = new Set<string>()
    for (const seed of seeds) {
      const bytes = disk.afterCrash(seed).bytes('/d/a')
      const sectors: number[] = []
      for (let at = 0; at < bytes.length; at += SECTOR) {
        const sector = new Set(bytes.subarray(at, at + SECTOR))
        expect(sector.size).toBe(1)
        sectors.push([...sector][0] as number)
      }
      expect(sectors.length).toBeGreaterThanOrEqual(2)
      seen.add(sectors.join(''))
    }
    // Lost, whole, a beginning, a hole in the middle, lost but extended with zeros, kept but cut short.
    for (const expected of ['11', '2222', '21', '2122', '1100', '22']) expect(seen).toContain(expected)
    expect([...seen].filter(sectors => /^[12]{2}[02]*$/.test(sectors))).toHaveLength(seen.size)
    expect(seen.size).toBeGreaterThan(15)
  })

  test('a crash may cut a write inside a sector, and extend a file by zeros alone', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', new Uint8Array(0))
    await file.write([filled(300, 7)], 0)
    const results = seeds.map(seed => disk.afterCrash(seed).bytes('/d/a'))
    expect(results.some(bytes => bytes.length > 0 && bytes.length < 300)).toBe(true)
    expect(results.some(bytes => bytes.length === 300 && bytes.every(byte => byte === 0))).toBe(true)
    expect(results.some(bytes => bytes.length === 300 && bytes.every(byte => byte === 7))).toBe(true)
    expect(results.some(bytes => bytes.length === 0)).toBe(true)
  })

  test('what a crash cut off does not shine through when the file grows again', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', Buffer.from('old'))
    await file.write(data('new and longer'), 0)
    for (const seed of seeds) {
      const next = disk.afterCrash(seed)
      const { length } = next.bytes('/d/a')
      const again = await next.open('/d/a', { mode: 'write' })
      await again.truncate(20)
      expect(
        next
          .bytes('/d/a')
          .subarray(length)
          .every(byte => byte === 0),
      ).toBe(true)
    }
  })

  test('a later write may survive an earlier one', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', filled(2 * SECTOR, 1))
    await file.write([filled(SECTOR, 2)], 0)
    await file.write([filled(SECTOR, 3)], SECTOR)
    const seen = new Set(
      seeds.map(seed => {
        const bytes = disk.afterCrash(seed).bytes('/d/a')
        return `${bytes[0]}${bytes[SECTOR]}`
      }),
    )
    expect(seen).toEqual(new Set(['11', '21', '13', '23']))
  })

  test('a sector written twice holds one of its three contents, whole', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', Buffer.from('....'))
    await file.write(data('A'), 0)
    await file.write(data('B'), 1)
    expect(contentsAfter(disk, '/d/a')).toEqual(new Set(['....', 'A...', 'AB..']))
  })

  test('a durable write survives; a truncation waits for a sync', async () => {
    const disk = fresh()
    await settled(disk, '/d/a', new Uint8Array(0))
    const file = await disk.open('/d/a', { mode: 'write', durable: true })
    await file.write(data('durable'), 0)
    expect(contentsAfter(disk, '/d/a')).toEqual(new Set(['durable']))
  })

  test('a truncation is pending even on a durable file', async () => {
    const disk = fresh()
    await settled(disk, '/d/a', Buffer.from('durable'))
    const file = await disk.open('/d/a', { mode: 'write', durable: true })
    await file.truncate(3)
    expect(text(disk.bytes('/d/a'))).toBe('dur')
    expect(contentsAfter(disk, '/d/a')).toEqual(new Set(['durable', 'dur']))
  })

  test('a synced truncation stays, and what it removed never comes back', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', Buffer.from('durable'))
    await file.write(data('pending'), 7)
    await file.truncate(3)
    await file.sync()
    await file.truncate(7)
    await file.sync()
    expect(contentsAfter(disk, '/d/a')).toEqual(new Set(['dur\0\0\0\0']))
  })

  test('a durable write carries the truncation before it', async () => {
    const disk = fresh()
    await settled(disk, '/d/a', Buffer.from('long ago'))
    const file = await disk.open('/d/a', { mode: 'write', durable: true })
    await file.truncate(0)
    await file.write(data('now'), 0)
    expect(contentsAfter(disk, '/d/a')).toEqual(new Set(['now']))
  })

  test('a killed process leaves everything visible and the unsynced still to lose', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', Buffer.from('old'))
    await file.write(data('new'), 0)
    await disk.rename('/d/a', '/d/b')
    const next = disk.afterCrash(1, 'kill')
    expect(next.files()).toEqual(['/d/b'])
    expect(text(next.bytes('/d/b'))).toBe('new')
    const later = next.afterCrash(1, 'lose-all')
    expect(later.files()).toEqual(['/d/a'])
    expect(text(later.bytes('/d/a'))).toBe('old')
  })

  test('a sync after a kill makes durable what the dead process wrote', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', Buffer.from('old'))
    await file.write(data('new'), 0)
    const next = disk.afterCrash(1, 'kill')
    await (await next.open('/d/a', { mode: 'write' })).sync()
    expect(text(next.afterCrash(1, 'lose-all').bytes('/d/a'))).toBe('new')
  })
})

describe('names', () => {
  test('a new file has no durable name before its directory is synced, whatever its content', async () => {
    const disk = fresh()
    const file = await disk.open('/d/a', { mode: 'create', durable: true })
    await file.write(data('content'), 0)
    await file.sync()
    expect(contentsAfter(disk, '/d/a')).toEqual(new Set(['gone', 'content']))
    expect(disk.afterCrash(1, 'lose-all').files()).toEqual([])
  })

  test('a synced name does not make the content durable', async () => {
    const disk = fresh()
    const file = await disk.open('/d/a', { mode: 'create' })
    await file.write(data('content'), 0)
    await disk.syncDirectory('/d')
    expect(text(disk.afterCrash(1, 'lose-all').bytes('/d/a'))).toBe('')
  })

  test('a rename is atomic: one of the names, never none and never both', async () => {
    const disk = fresh()
    await settled(disk, '/d/tmp', Buffer.from('new'))
    await settled(disk, '/d/a', Buffer.from('old'))
    await disk.rename('/d/tmp', '/d/a')
    const seen = new Set(
      seeds.map(seed => {
        const next = disk.afterCrash(seed)
        return next
          .files()
          .map(path => `${path}=${text(next.bytes(path))}`)
          .join(' ')
      }),
    )
    expect(seen).toEqual(new Set(['/d/a=old /d/tmp=new', '/d/a=new']))
    await expect(disk.list('/d')).rejects.toThrow(PowerLoss)
  })

  test('a synced rename stays', async () => {
    const disk = fresh()
    await settled(disk, '/d/tmp', Buffer.from('new'))
    await disk.rename('/d/tmp', '/d/a')
    await disk.syncDirectory('/d')
    expect(contentsAfter(disk, '/d/tmp')).toEqual(new Set(['gone']))
    expect(contentsAfter(disk, '/d/a')).toEqual(new Set(['new']))
  })

  test('a rename of a file that was never synced may leave an empty file under the new name', async () => {
    const disk = fresh()
    await settled(disk, '/d/a', Buffer.from('old'))
    const file = await disk.open('/d/tmp', { mode: 'create' })
    await file.write(data('new'), 0)
    await disk.rename('/d/tmp', '/d/a')
    await disk.syncDirectory('/d')
    expect(contentsAfter(disk, '/d/a')).toContain('')
    expect(contentsAfter(disk, '/d/a')).not.toContain('old')
  })

  test('an unlinked file may come back until the directory is synced', async () => {
    const disk = fresh()
    await settled(disk, '/d/a', Buffer.from('old'))
    await disk.unlink('/d/a')
    expect(await disk.list('/d')).toEqual([])
    expect(contentsAfter(disk.clone(), '/d/a')).toEqual(new Set(['old', 'gone']))
    await disk.syncDirectory('/d')
    expect(contentsAfter(disk, '/d/a')).toEqual(new Set(['gone']))
  })

  test('pending changes of different names are lost independently, those of one name from the end', async () => {
    const disk = fresh()
    await disk.open('/d/a', { mode: 'create' })
    await disk.open('/d/b', { mode: 'create' })
    await disk.rename('/d/a', '/d/c')
    await disk.unlink('/d/c')
    const seen = new Set(seeds.map(seed => disk.afterCrash(seed).files().join(' ')))
    expect(seen).toEqual(new Set(['', '/d/a', '/d/b', '/d/c', '/d/a /d/b', '/d/b /d/c']))
  })

  test('a new directory is durable once its parent is synced, and its files with it', async () => {
    const disk = fresh()
    await disk.makeDirectory('/d/e/f')
    const file = await disk.open('/d/e/f/a', { mode: 'create', durable: true })
    await file.write(data('x'), 0)
    await disk.syncDirectory('/d/e/f')
    expect(disk.clone().afterCrash(1, 'lose-all').files()).toEqual([])
    await disk.syncDirectory('/d/e')
    expect(disk.clone().afterCrash(1, 'lose-all').files()).toEqual([])
    await disk.syncDirectory('/d')
    expect(disk.afterCrash(1, 'lose-all').files()).toEqual(['/d/e/f/a'])
  })

  test('a rename between directories: syncing the new one keeps the new name, the old one may stay beside it', async () => {
    const disk = fresh({ directories: ['/d', '/e'] })
    await settled(disk, '/d/a', Buffer.from('x'))
    await disk.rename('/d/a', '/e/a')
    const outcomes = (of: FakeDisk) => new Set(seeds.map(seed => of.afterCrash(seed).files().join(' ')))
    expect(outcomes(disk.clone())).toEqual(new Set(['/d/a', '/e/a']))
    const newOnly = disk.clone()
    await newOnly.syncDirectory('/e')
    expect(outcomes(newOnly)).toEqual(new Set(['/e/a', '/d/a /e/a']))
    const oldOnly = disk.clone()
    await oldOnly.syncDirectory('/d')
    expect(outcomes(oldOnly)).toEqual(new Set(['/e/a']))
  })

  test('syncing one directory leaves the others pending', async () => {
    const disk = fresh({ directories: ['/d', '/e'] })
    await disk.open('/d/a', { mode: 'create' })
    await disk.open('/e/a', { mode: 'create' })
    await disk.syncDirectory('/d')
    expect(disk.afterCrash(1, 'lose-all').files()).toEqual(['/d/a'])
  })

  test('files are listed without directories, directories with both', async () => {
    const disk = fresh()
    await disk.makeDirectory('/d/z')
    await disk.open('/d/b', { mode: 'create' })
    await disk.open('/d/a', { mode: 'create' })
    expect(await disk.list('/d')).toEqual(['a', 'b', 'z'])
    expect(disk.files()).toEqual(['/d/a', '/d/b'])
    expect(await disk.list('/nowhere')).toEqual([])
  })
})

describe('failed syncs', () => {
  test('the bytes stay visible, the next sync succeeds, and they are lost all the same', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', Buffer.from('old'))
    await file.write(data('new'), 0)
    disk.arm({ failAt: 1, only: kind => kind === 'sync' })
    expect(await outcome(file.sync())).toBe('EIO')
    expect(await outcome(file.sync())).toBe('done')
    expect(await readAll(file)).toBe('new')
    expect(disk.faultsDelivered).toBe(1)
    expect(text(disk.afterCrash(1, 'lose-all').bytes('/d/a'))).toBe('old')
    expect(contentsAfter(disk, '/d/a')).toEqual(new Set(['old', 'new']))
  })

  test('later writes are durable with the next sync; those of the failed one are a hole before them', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', new Uint8Array(0))
    await file.write([filled(SECTOR, 1)], 0)
    disk.arm({ failAt: 1, only: kind => kind === 'sync' })
    await outcome(file.sync())
    await file.write([filled(SECTOR, 2)], SECTOR)
    await file.sync()
    const bytes = disk.afterCrash(1, 'lose-all').bytes('/d/a')
    expect(bytes).toHaveLength(2 * SECTOR)
    expect([bytes[0], bytes[SECTOR]]).toEqual([0, 2])
  })

  test('a sector written again since is written back whole, and never goes back', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', Buffer.from('....'))
    await file.write(data('A'), 0)
    disk.arm({ failAt: 1, only: kind => kind === 'sync' })
    await outcome(file.sync())
    await file.write(data('B'), 1)
    await file.sync()
    expect(contentsAfter(disk, '/d/a')).toEqual(new Set(['AB..']))
  })

  test('a synced truncation ends what failed syncs left behind it', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', Buffer.from('old'))
    await file.write(data('new and longer'), 0)
    disk.arm({ failAt: 1, only: kind => kind === 'sync' })
    await outcome(file.sync())
    await file.truncate(2)
    await file.sync()
    for (const content of contentsAfter(disk, '/d/a')) expect(content).toHaveLength(2)
  })

  test('a truncation whose sync failed cuts nothing that became durable later', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', filled(2 * SECTOR, 1))
    await file.truncate(0)
    disk.arm({ failAt: 1, only: kind => kind === 'sync' })
    await outcome(file.sync())
    await file.write([filled(SECTOR, 2)], SECTOR)
    await file.sync()
    for (const seed of seeds) {
      const bytes = disk.afterCrash(seed).bytes('/d/a')
      expect(Buffer.from(bytes.subarray(SECTOR)).equals(filled(SECTOR, 2))).toBe(true)
    }
  })

  test('a failed durable write may be read, and is lost', async () => {
    const disk = fresh()
    await settled(disk, '/d/a', Buffer.from('old'))
    const file = await disk.open('/d/a', { mode: 'write', durable: true })
    const visible = new Set<string>()
    for (const seed of seeds.slice(0, 40)) {
      const again = new FakeDisk({ seed, directories: ['/d'], plan: { failAt: 2, only: kind => kind === 'write' } })
      await settled(again, '/d/a', Buffer.from('old'))
      const same = await again.open('/d/a', { mode: 'write', durable: true })
      expect(await outcome(same.write(data('new'), 0))).toBe('EIO')
      expect(await outcome(same.sync())).toBe('done')
      visible.add(await readAll(same))
      expect(text(again.afterCrash(1, 'lose-all').bytes('/d/a'))).toBe('old')
    }
    expect([...visible].sort()).toEqual(['ned', 'new', 'nld', 'old'])
    disk.arm({ failAt: 1, code: 'ENOSPC', only: kind => kind === 'write' })
    expect(await outcome(file.write(data('new'), 0))).toBe('ENOSPC')
    expect(await readAll(file)).toBe('old')
  })

  test('a failed sync of a directory loses its names, and the next one lies', async () => {
    const disk = fresh()
    const file = await disk.open('/d/a', { mode: 'create', durable: true })
    await file.write(data('x'), 0)
    disk.arm({ failAt: 1, only: kind => kind === 'syncDirectory' })
    expect(await outcome(disk.syncDirectory('/d'))).toBe('EIO')
    expect(await outcome(disk.syncDirectory('/d'))).toBe('done')
    expect(await disk.list('/d')).toEqual(['a'])
    expect(disk.afterCrash(1, 'lose-all').files()).toEqual([])
    expect(contentsAfter(disk, '/d/a')).toEqual(new Set(['gone', 'x']))
  })

  test('a directory that could not be opened for want of descriptors can be synced later', async () => {
    const disk = fresh()
    await disk.open('/d/a', { mode: 'create' })
    disk.arm({ failAt: 1, code: 'EMFILE', only: kind => kind === 'syncDirectory' })
    expect(await outcome(disk.syncDirectory('/d'))).toBe('EMFILE')
    await disk.syncDirectory('/d')
    expect(disk.afterCrash(1, 'lose-all').files()).toEqual(['/d/a'])
  })
})

describe('power loss', () => {
  test('the operation and all later ones reject, those of open files too', async () => {
    const disk = fresh({ plan: { dieAt: 4 } })
    const file = await disk.open('/d/a', { mode: 'create' })
    await file.write(data('x'), 0)
    await file.sync()
    expect(await outcome(file.write(data('y'), 1))).toBe('PowerLoss')
    expect(disk.powered).toBe(false)
    const attempts = [
      disk.open('/d/b', { mode: 'create' }),
      disk.list('/d'),
      disk.makeDirectory('/d/e'),
      disk.rename('/d/a', '/d/b'),
      disk.unlink('/d/a'),
      disk.syncDirectory('/d'),
      disk.space('/d'),
      disk.lock('/d/lock', 'me'),
      file.write(data('z'), 0),
      file.sync(),
      file.truncate(0),
      file.size(),
      file.read(new Uint8Array(1), 0),
      file.close(),
    ]
    for (const attempt of attempts) expect(await outcome(attempt)).toBe('PowerLoss')
    expect(() => file.readSync(new Uint8Array(1), 0)).toThrow(PowerLoss)
    expect(() => disk.openSync('/d/a')).toThrow(PowerLoss)
    expect(disk.operations).toBe(4)
    expect(disk.faultsDelivered).toBe(1)
  })

  test('says at which operation, and carries no code', async () => {
    const disk = fresh({ plan: { dieAt: 2 } })
    await disk.open('/d/a', { mode: 'create' })
    const error = await disk.syncDirectory('/d').catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(PowerLoss)
    expect(String(error)).toContain('operation 2: syncDirectory /d')
    expect(diskErrorCode(error)).toBeUndefined()
  })

  /** Runs the last operation of a short history under death, and says what each seed left. */
  async function dying(kind: OperationKind, mode: CrashMode): Promise<Set<string>> {
    const seen = new Set<string>()
    for (const seed of seeds) {
      const disk = fresh({ seed })
      const file = await settled(disk, '/d/a', Buffer.from('old'))
      const durable = await disk.open('/d/a', { mode: 'write', durable: true })
      if (kind === 'sync') await file.write(data('new'), 0)
      if (kind === 'syncDirectory') await disk.rename('/d/a', '/d/b')
      disk.arm({ dieAt: 1 })
      const attempts: Partial<Record<OperationKind, () => Promise<unknown>>> = {
        write: () => durable.write(data('new'), 0),
        sync: () => file.sync(),
        truncate: () => file.truncate(1),
        rename: () => disk.rename('/d/a', '/d/b'),
        unlink: () => disk.unlink('/d/a'),
        open: () => disk.open('/d/b', { mode: 'create' }),
        makeDirectory: () => disk.makeDirectory('/d/e'),
        syncDirectory: () => disk.syncDirectory('/d'),
        lock: () => disk.lock('/d/b', ''),
      }
      expect(await outcome(attempts[kind]?.() ?? Promise.resolve())).toBe('PowerLoss')
      const next = disk.afterCrash(seed, mode)
      const files = next.files().map(path => `${path.slice(3)}=${text(next.bytes(path))}`)
      seen.add([...files, ...((await next.list('/d/e')).length > 0 ? ['e'] : [])].join(' '))
    }
    return seen
  }

  test('the operation may have happened in part', async () => {
    expect(await dying('write', 'lose-all')).toEqual(new Set(['a=old']))
    expect(await dying('write', 'keep-all')).toEqual(new Set(['a=old', 'a=nld', 'a=ned', 'a=new']))
    expect(await dying('sync', 'lose-all')).toEqual(new Set(['a=old', 'a=new']))
    expect(await dying('truncate', 'lose-all')).toEqual(new Set(['a=old']))
    expect(await dying('truncate', 'keep-all')).toEqual(new Set(['a=old', 'a=o']))
    expect(await dying('rename', 'keep-all')).toEqual(new Set(['a=old', 'b=old']))
    expect(await dying('unlink', 'random')).toEqual(new Set(['a=old', '']))
    expect(await dying('open', 'keep-all')).toEqual(new Set(['a=old', 'a=old b=']))
    expect(await dying('syncDirectory', 'lose-all')).toEqual(new Set(['a=old', 'b=old']))
    expect(await dying('lock', 'keep-all')).toEqual(new Set(['a=old']))
  })

  test('a crash can be asked for several outcomes, and each is repeatable', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', filled(SECTOR, 1))
    await file.write([filled(8 * SECTOR, 2)], 100)
    for (const seed of seeds.slice(0, 20)) {
      expect(disk.afterCrash(seed).bytes('/d/a')).toEqual(disk.afterCrash(seed).bytes('/d/a'))
    }
    expect(contentsAfter(disk, '/d/a').size).toBeGreaterThan(20)
    expect(await outcome(file.sync())).toBe('PowerLoss')
  })

  test('what was found after a crash is durable', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', filled(SECTOR, 1))
    await file.write([filled(8 * SECTOR, 2)], 100)
    await disk.rename('/d/a', '/d/b')
    for (const seed of seeds) {
      const next = disk.afterCrash(seed)
      const later = next.clone().afterCrash(seed + 1)
      expect(later.files()).toEqual(next.files())
      for (const path of next.files()) expect(later.bytes(path)).toEqual(next.bytes(path))
    }
  })
})

describe('failures', () => {
  test('once, by number and kind, and nothing happened', async () => {
    const disk = fresh({ plan: { failAt: 2, code: 'EIO', only: kind => kind === 'rename' } })
    await settled(disk, '/d/a', Buffer.from('x'))
    await disk.rename('/d/a', '/d/b')
    expect(await outcome(disk.rename('/d/b', '/d/c'))).toBe('EIO')
    expect(disk.files()).toEqual(['/d/b'])
    expect(await outcome(disk.rename('/d/b', '/d/c'))).toBe('done')
    expect(disk.faultsDelivered).toBe(1)
  })

  test('for good, until healed, on chosen paths', async () => {
    const disk = fresh({ plan: { failFrom: 1, code: 'ENOSPC', only: (_kind, path) => path.endsWith('/a') } })
    expect(await outcome(disk.open('/d/a', { mode: 'create' }))).toBe('ENOSPC')
    expect(await outcome(disk.open('/d/a', { mode: 'create' }))).toBe('ENOSPC')
    expect(await outcome(disk.open('/d/b', { mode: 'create' }))).toBe('done')
    disk.heal()
    expect(await outcome(disk.open('/d/a', { mode: 'create' }))).toBe('done')
    expect(disk.faultsDelivered).toBe(2)
  })

  test('a code counts and strikes only operations that can end with it', async () => {
    const disk = fresh({ plan: { failAt: 2, code: 'EMFILE' } })
    const file = await disk.open('/d/a', { mode: 'create' })
    await file.write(data('x'), 0)
    await file.sync()
    expect(await outcome(disk.open('/d/a', { mode: 'read' }))).toBe('EMFILE')
  })

  test('a short write returns its count, and only that part is written', async () => {
    const disk = fresh()
    await settled(disk, '/d/a', new Uint8Array(0))
    const file = await disk.open('/d/a', { mode: 'write', durable: true })
    disk.arm({ failAt: 1, code: 'short' })
    const count = await file.write([filled(10, 1), filled(10, 2)], 0)
    expect(count).toBeGreaterThan(0)
    expect(count).toBeLessThan(20)
    expect(disk.faultsDelivered).toBe(1)
    expect(disk.bytes('/d/a')).toHaveLength(count)
    expect(disk.afterCrash(1, 'lose-all').bytes('/d/a')).toHaveLength(count)
  })

  test('a healed disk can still be made to die', async () => {
    const disk = fresh({ plan: [{ failFrom: 1 }, { dieAt: 2 }] })
    expect(await outcome(disk.list('/d'))).toBe('EIO')
    disk.heal()
    expect(await outcome(disk.list('/d'))).toBe('PowerLoss')
  })

  test('every kind of operation is counted, recorded and can fail', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', Buffer.from('x'))
    const before = disk.operations
    disk.arm({ failFrom: 1 })
    const attempts: Record<OperationKind, () => Promise<unknown>> = {
      open: () => disk.open('/d/b', { mode: 'create' }),
      openSync: async () => disk.openSync('/d/a'),
      write: () => file.write(data('y'), 0),
      sync: () => file.sync(),
      truncate: () => file.truncate(0),
      read: () => file.read(new Uint8Array(1), 0),
      readSync: async () => file.readSync(new Uint8Array(1), 0),
      size: () => file.size(),
      rename: () => disk.rename('/d/a', '/d/b'),
      unlink: () => disk.unlink('/d/a'),
      makeDirectory: () => disk.makeDirectory('/d/e'),
      syncDirectory: () => disk.syncDirectory('/d'),
      list: () => disk.list('/d'),
      space: () => disk.space('/d'),
      lock: () => disk.lock('/d/lock', 'me'),
    }
    for (const attempt of Object.values(attempts)) expect(await outcome(attempt())).toBe('EIO')
    const kinds = Object.keys(attempts)
    expect(disk.operations).toBe(before + kinds.length)
    expect(disk.trace.slice(before).map(({ kind }) => kind)).toEqual(kinds)
    expect(disk.story(1)).toBe(`${disk.operations}: lock /d/lock`)
    expect(disk.faultsDelivered).toBe(kinds.length)
    disk.heal()
    expect(disk.files()).toEqual(['/d/a'])
    expect(await readAll(file)).toBe('x')
  })
})

describe('capacity', () => {
  test('a full disk takes a part first, and throws next', async () => {
    const disk = fresh({ capacityBytes: 1000 })
    const file = await settled(disk, '/d/a', filled(900, 1))
    expect((await disk.space('/d')).freeBytes).toBe(100)
    expect(await file.write([filled(250, 2)], 900)).toBe(100)
    expect(await outcome(file.write([filled(1, 2)], 1000))).toBe('ENOSPC')
    expect(await file.write([filled(10, 3)], 0)).toBe(10)
    expect(disk.bytes('/d/a')).toHaveLength(1000)
  })

  test('truncation and unlinking free the space, the latter with the last descriptor', async () => {
    const disk = fresh({ capacityBytes: 1000 })
    const file = await settled(disk, '/d/a', filled(1000, 1))
    const other = await settled(disk, '/d/b', new Uint8Array(0))
    expect(await outcome(other.write([filled(1, 2)], 0))).toBe('ENOSPC')
    await file.truncate(600)
    expect(await other.write([filled(500, 2)], 0)).toBe(400)
    await disk.unlink('/d/a')
    expect(await outcome(other.write([filled(100, 2)], 400))).toBe('ENOSPC')
    await file.close()
    expect(await other.write([filled(100, 2)], 400)).toBe(100)
    expect((await disk.space('/d')).freeBytes).toBe(500)
  })

  test('a replaced file frees its space, and a crash keeps the capacity', async () => {
    const disk = fresh({ capacityBytes: 1000 })
    await (await settled(disk, '/d/a', filled(600, 1))).close()
    await (await settled(disk, '/d/b', filled(300, 1))).close()
    await disk.rename('/d/b', '/d/a')
    expect((await disk.space('/d')).freeBytes).toBe(700)
    expect((await disk.afterCrash(1, 'keep-all').space('/d')).freeBytes).toBe(700)
  })

  test('inodes run out by themselves', async () => {
    const disk = fresh({ capacityInodes: 1 })
    const file = await disk.open('/d/a', { mode: 'create' })
    expect((await disk.space('/d')).freeInodes).toBe(0)
    expect(await outcome(disk.open('/d/b', { mode: 'create' }))).toBe('ENOSPC')
    await file.close()
    await disk.unlink('/d/a')
    expect(await outcome(disk.open('/d/b', { mode: 'create' }))).toBe('done')
  })

  test('descriptors run out, are seen open, and come back', async () => {
    const disk = fresh({ descriptors: 1 })
    const file = await disk.open('/d/a', { mode: 'create' })
    expect(disk.openFiles).toEqual(['/d/a'])
    expect(await outcome(disk.open('/d/a', { mode: 'read' }))).toBe('EMFILE')
    expect(() => disk.openSync('/d/a')).toThrow('EMFILE')
    await file.close()
    expect(disk.openFiles).toEqual([])
    expect(await outcome(disk.open('/d/a', { mode: 'read' }))).toBe('done')
  })
})

describe('locks', () => {
  test('one holder, named to the others, until release', async () => {
    const disk = fresh()
    const first = await disk.lock('/d/lock', 'first')
    if (!('lock' in first)) throw new Error('not locked')
    expect(first.lock.held()).toBe(true)
    expect(await disk.lock('/d/lock', 'second')).toEqual({ holder: 'first' })
    await first.lock.release()
    expect(first.lock.held()).toBe(false)
    expect(disk.files()).toEqual(['/d/lock'])
    expect(await disk.lock('/d/lock', 'second')).toHaveProperty('lock')
    expect(text(disk.bytes('/d/lock'))).toBe('second')
  })

  test('a crash frees it, for the next disk only', async () => {
    for (const mode of ['kill', 'keep-all'] as const) {
      const disk = fresh()
      const first = await disk.lock('/d/lock', 'first')
      const next = disk.afterCrash(1, mode)
      expect('lock' in first && first.lock.held()).toBe(false)
      expect(await next.lock('/d/lock', 'second')).toHaveProperty('lock')
    }
  })

  test('is lost when the file is replaced, removed or stolen', async () => {
    const disk = fresh()
    const first = await disk.lock('/d/lock', 'first')
    if (!('lock' in first)) throw new Error('not locked')
    disk.steal('/d/lock')
    expect(first.lock.held()).toBe(false)
    expect(await disk.lock('/d/lock', 'second')).toEqual({ holder: 'thief' })
    await first.lock.release()
    expect(await disk.lock('/d/lock', 'second')).toEqual({ holder: 'thief' })
    await disk.unlink('/d/lock')
    expect(await disk.lock('/d/lock', 'third')).toHaveProperty('lock')
  })
})

describe('handling', () => {
  test('a clone is separate, pending changes included', async () => {
    const disk = fresh()
    const file = await settled(disk, '/d/a', Buffer.from('old'))
    await file.write(data('new'), 0)
    const clone = disk.clone()
    await file.write(data('own'), 0)
    await file.sync()
    expect(text(clone.bytes('/d/a'))).toBe('new')
    expect(text(clone.afterCrash(1, 'lose-all').bytes('/d/a'))).toBe('old')
    expect(text(disk.afterCrash(1, 'lose-all').bytes('/d/a'))).toBe('own')
  })

  test('damage is durable and touches nothing else', async () => {
    const disk = fresh()
    disk.put('/d/a', Buffer.from('abc'))
    const clone = disk.clone()
    clone.flip('/d/a', 1, 0x20)
    expect(text(clone.bytes('/d/a'))).toBe('aBc')
    clone.cut('/d/a', 2)
    expect(text(clone.bytes('/d/a'))).toBe('aB')
    expect(text(clone.afterCrash(1, 'lose-all').bytes('/d/a'))).toBe('aB')
    expect(text(disk.bytes('/d/a'))).toBe('abc')
    expect(() => disk.flip('/d/a', 3)).toThrow('3 bytes')
    expect(() => disk.cut('/d/a', 4)).toThrow('3 bytes')
  })

  test('an operation takes effect after its call returned', async () => {
    const disk = fresh()
    const file = await disk.open('/d/a', { mode: 'create' })
    const buffer = Buffer.from('first')
    const writing = file.write([buffer], 0)
    buffer.write('later')
    await writing
    expect(text(disk.bytes('/d/a'))).toBe('later')
  })

  test('shuffled, operations in flight together take effect in any order', async () => {
    const seen = new Set<string>()
    for (const seed of seeds.slice(0, 50)) {
      const disk = fresh({ seed, shuffle: true })
      const file = await disk.open('/d/a', { mode: 'create' })
      await Promise.all([file.write(data('1'), 0), file.write(data('2'), 0), file.write(data('3'), 0)])
      seen.add(text(disk.bytes('/d/a')))
    }
    expect(seen).toEqual(new Set(['1', '2', '3']))
  })

  test('calls itself ext4 unless told', async () => {
    expect(await fresh().fileSystem()).toBe('ext4')
    expect(await fresh({ fileSystem: 'nfs' }).fileSystem()).toBe('nfs')
  })
})
