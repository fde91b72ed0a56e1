// The directory that a restore fills: empty, or left by an interrupted restore, but never one that a server wrote to.
import { basename, join } from 'node:path'
import type { Disk, DiskLock } from '../disk/disk.js'
import { inUse } from '../disk/engine-error.js'
import { DamagedFact, readFact, writeFact } from '../disk/small-file.js'
import { sha256 } from '../format/frame.js'
import type { Layout } from '../format/names.js'
import { listCatalogue } from '../segment/catalogue.js'
import type { Manifest } from './backup-manifest.js'
import { isCopiedPath } from './backup-names.js'
import { BackupRefused } from './backup-refused.js'
import { sizeOf } from './copy-content.js'

/** Its presence says that a restore is unfinished, and its content says of which backup. */
const SIGN = 'RESTORING'
/** A directory with only these counts as empty. `lost+found` belongs to the volume. */
const NOTHING = new Set(['LOCK', 'CURRENT', 'CURRENT.tmp', 'RESTORING.tmp', 'lost+found'])

/** The lock is held until the restore ends, so that no server can be started in the directory meanwhile. */
export async function takeEmpty(disk: Disk, store: Layout, tag: string, manifest: Manifest): Promise<DiskLock> {
  await refuseFilled(disk, store, manifest)
  await disk.makeDirectory(store.root)
  const attempt = await disk.lock(store.lock, tag)
  if (!('lock' in attempt)) throw inUse(store.root, attempt.holder)
  try {
    // Another process may have filled the directory before the lock was taken, so it is checked again.
    await refuseFilled(disk, store, manifest)
    return attempt.lock
  } catch (error) {
    await attempt.lock.release()
    throw error
  }
}

async function refuseFilled(disk: Disk, store: Layout, { current }: Manifest): Promise<void> {
  const names = await disk.list(store.root)
  if (names.includes(SIGN)) {
    const { greatestEpoch } = await listCatalogue(disk, store)
    if (greatestEpoch <= current.epoch) return
    throw new BackupRefused('wrong_place', `${store.root} was restored, and a server has written to it since`)
  }
  if (names.every(name => NOTHING.has(name))) return
  throw new BackupRefused('wrong_place', `${store.root} is not empty; a restore needs a directory of its own`)
}

/**
 * CURRENT is written first: from then on a start finds that the segment it names is missing, and writes nothing, until
 * that segment is put in place last. Returns the path of the sign, to be removed then.
 */
export async function beginRestore(disk: Disk, store: Layout, manifest: Manifest): Promise<string> {
  const sign = join(store.root, SIGN)
  const of = sha256(Buffer.from(JSON.stringify(manifest))).toString('hex')
  const before = await readSign(disk, sign)
  if (before !== undefined && before !== of) await clear(disk, store)
  await writeFact(disk, store.current, manifest.current)
  await writeFact(disk, sign, { of })
  for (const directory of [store.segments, store.archive]) await disk.makeDirectory(directory)
  return sign
}

async function readSign(disk: Disk, sign: string): Promise<string | undefined> {
  try {
    return ((await readFact(disk, sign)) as { of: string } | undefined)?.of
  } catch (error) {
    if (!(error instanceof DamagedFact)) throw error
    return ''
  }
}

/** Removes what an interrupted restore of another backup put there, because it must not mix with this one. */
async function clear(disk: Disk, store: Layout): Promise<void> {
  for await (const path of restoredFiles(disk, store)) await disk.unlink(path)
  const names = await disk.list(store.root)
  for (const directory of [store.segments, store.archive])
    if (names.includes(basename(directory))) await disk.syncDirectory(directory)
  await disk.syncDirectory(store.root)
}

/** The bytes that an interrupted restore has put there, finished or not. */
export async function restoredBytes(disk: Disk, store: Layout): Promise<number> {
  let bytes = 0
  for await (const path of restoredFiles(disk, store)) bytes += (await sizeOf(disk, path)) ?? 0
  return bytes
}

async function* restoredFiles(disk: Disk, store: Layout): AsyncGenerator<string, void, void> {
  for (const [directory, prefix] of [
    [store.segments, 'segments/'],
    [store.archive, 'archive/'],
    [store.root, ''],
  ] as const) {
    for (const name of await disk.list(directory)) {
      const whole = name.endsWith('.tmp') ? name.slice(0, -'.tmp'.length) : name
      if (isCopiedPath(`${prefix}${whole}`)) yield join(directory, name)
    }
  }
}
