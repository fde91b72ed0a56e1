// Verify and repair as library calls: one examines a store without changing a byte, the other accepts its damage.
import { hostname } from 'node:os'
import { basename } from 'node:path'
import { StoreError } from '../../contract/errors.js'
import { type Disk, type DiskLock, diskErrorCode } from './engine/disk/disk.js'
import { inUse } from './engine/disk/engine-error.js'
import { FilePool } from './engine/disk/file-pool.js'
import { ReadOnlyDisk } from './engine/disk/read-only-disk.js'
import { RealDisk } from './engine/disk/real-disk.js'
import { Layout } from './engine/format/names.js'
import { applyRepair, planRepair, type RepairStep, stillDamaged } from './engine/inspect/repair.js'
import { type VerifiedStore, type VerifyReport, verify } from './engine/inspect/verify.js'
import type { EngineContext } from './engine/segment/engine-context.js'
import { createContext, translate } from './open-log.js'
import { resolveOptions } from './options.js'

export interface VerifyOptions {
  readonly disk?: Disk
  /** Examines the store while a server writes, and examines again what seems damaged, because it may be changing. */
  readonly live?: boolean
}

export interface RepairOptions {
  readonly disk?: Disk
  /** Without it nothing is changed, and the report says what would be. */
  readonly apply?: boolean
}

export interface RepairReport {
  readonly applied: boolean
  readonly steps: readonly RepairStep[]
  /** Why nothing can be repaired: damage of unknown extent. A backup has to be restored. */
  readonly refused: readonly string[]
  /** Number of positions that are given up for good. */
  readonly lost: number
  readonly before: VerifyReport
}

const LIVE_LOOKS = 3
/** Holds the whole index of one segment, because verify looks up everything in it, in no order. */
const PAGE_CACHE_BYTES = 256 * 1024 * 1024

/** Reads everything and changes nothing. Without `live` it takes the store's lock, so that nobody changes anything. */
export async function verifyStore(directory: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const disk = options.disk ?? new RealDisk()
  return underTranslation(directory, async () => {
    await mustBeStore(disk, directory)
    if (options.live === true) return (await lookLive(disk, directory)).report
    return underBorrowedLock(disk, directory, async () => (await look(disk, directory)).report)
  })
}

/** With `apply`, accepts the damage found, for good: the next start is writable, and the lost positions stay lost. */
export async function repairStore(directory: string, options: RepairOptions = {}): Promise<RepairReport> {
  const disk = options.disk ?? new RealDisk()
  const apply = options.apply === true
  return underTranslation(directory, async () => {
    await mustBeStore(disk, directory)
    const work = () => repair(disk, directory, apply)
    return apply ? underOwnLock(disk, directory, 'repair', work) : underBorrowedLock(disk, directory, work)
  })
}

async function repair(disk: Disk, directory: string, apply: boolean): Promise<RepairReport> {
  const found = await look(disk, directory)
  return inContext(disk, directory, async context => {
    const plan = await planRepair(context, found)
    const refused = plan.refused.map(({ where, reason }) => `${where}: ${reason}, and how much is lost is not known`)
    const lost = plan.steps.reduce((sum, step) => sum + (step.do === 'accept' ? count(step.damage) : 0), 0)
    const report = { steps: plan.steps, refused, lost, before: found.report }
    if (!apply || refused.length > 0 || plan.steps.length === 0) return { applied: false, ...report }
    await applyRepair(context, found, plan)
    const [left] = await inContext(new ReadOnlyDisk(disk), directory, stillDamaged)
    if (left !== undefined) throw new StoreError('DATA_CORRUPT', `${left.where}: ${left.reason}, after the repair too`)
    return { applied: true, ...report }
  })
}

function count({ from, to }: { readonly from: number; readonly to: number }): number {
  return Math.max(0, to - from + 1)
}

function look(disk: Disk, directory: string): Promise<VerifiedStore> {
  return inContext(new ReadOnlyDisk(disk), directory, verify)
}

/** A segment that is archived or a batch that is written during the look can seem damaged, but not the next time. */
async function lookLive(disk: Disk, directory: string): Promise<VerifiedStore> {
  for (let left = LIVE_LOOKS; ; left--) {
    try {
      const found = await look(disk, directory)
      if (found.report.clean || left === 1) return found
    } catch (error) {
      if (diskErrorCode(error) !== 'ENOENT' || left === 1) throw error
    }
  }
}

export async function inContext<T>(
  disk: Disk,
  directory: string,
  work: (context: EngineContext) => Promise<T>,
): Promise<T> {
  const options = resolveOptions({ directory, nodeId: 'verify', disk, pageCacheBytes: PAGE_CACHE_BYTES })
  const context = createContext(options, new Layout(directory))
  try {
    return await work(context)
  } finally {
    await context.files.pool.closeAll()
  }
}

async function underTranslation<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof StoreError ? error : translate(error, directory)
  }
}

/** For a command that is about to open a store and must not create one. */
export function requireStore(directory: string): Promise<void> {
  return underTranslation(directory, () => mustBeStore(new RealDisk(), directory))
}

/** Without this check a mistyped path would pass for a healthy, empty store. */
async function mustBeStore(disk: Disk, directory: string): Promise<void> {
  const { segments, lock } = new Layout(directory)
  const names = await disk.list(directory)
  if (names.includes(basename(segments)) || names.includes(basename(lock))) return
  throw new StoreError('INVALID_REQUEST', `${directory} is no data directory: it holds no segments`)
}

export async function underOwnLock<T>(
  disk: Disk,
  directory: string,
  doing: string,
  work: () => Promise<T>,
): Promise<T> {
  const tag = JSON.stringify({ pid: process.pid, host: hostname(), since: new Date().toISOString(), doing })
  const lock = await take(disk, new Layout(directory), tag)
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

/**
 * The lock file names its holder meanwhile, and afterwards gets back the content it had. A store that cannot be written
 * to is examined without a lock.
 */
async function underBorrowedLock<T>(disk: Disk, directory: string, work: () => Promise<T>): Promise<T> {
  const layout = new Layout(directory)
  const said = await contentOf(disk, layout.lock)
  if (said === undefined) return work()
  const tag = JSON.stringify({ pid: process.pid, host: hostname(), since: new Date().toISOString(), doing: 'verify' })
  const lock = await take(disk, layout, tag).catch(error => {
    if (['EROFS', 'EACCES', 'EPERM'].includes(diskErrorCode(error) ?? '')) return undefined
    throw error
  })
  if (lock === undefined) return work()
  try {
    return await work()
  } finally {
    await restore(disk, layout.lock, said)
    await lock.release()
  }
}

async function take(disk: Disk, layout: Layout, tag: string): Promise<DiskLock> {
  const attempt = await disk.lock(layout.lock, tag)
  if ('lock' in attempt) return attempt.lock
  throw inUse(layout.root, attempt.holder)
}

async function contentOf(disk: Disk, path: string): Promise<Buffer | undefined> {
  const pool = new FilePool(disk, 1)
  try {
    return await pool.use(path, async file => {
      const into = Buffer.alloc(await file.size())
      return into.subarray(0, await file.read(into, 0))
    })
  } catch (error) {
    if (diskErrorCode(error) === 'ENOENT') return undefined
    throw error
  } finally {
    await pool.closeAll()
  }
}

async function restore(disk: Disk, path: string, content: Buffer): Promise<void> {
  const file = await disk.open(path, { mode: 'write' })
  try {
    await file.write([content], 0)
    await file.truncate(content.length)
  } finally {
    await file.close()
  }
}
