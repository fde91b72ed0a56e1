// Opens the log of a data directory: it checks the file system, takes the lock, and recovers.
import { hostname } from 'node:os'
import { basename } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { StoreError } from '../../contract/errors.js'
import { BackupLayout } from './engine/backup/backup-names.js'
import { restoreAtStart } from './engine/backup/restore-at-start.js'
import { syncAncestors } from './engine/disk/ancestors.js'
import type { DiskLock } from './engine/disk/disk.js'
import { diskErrorCode } from './engine/disk/disk.js'
import { EngineError, inUse } from './engine/disk/engine-error.js'
import { FilePool } from './engine/disk/file-pool.js'
import { isNoSpace, Latch, Latched, OwnershipLost } from './engine/disk/latch.js'
import { LatchedDisk } from './engine/disk/latched-disk.js'
import { ReadOnlyDisk } from './engine/disk/read-only-disk.js'
import { Reserve } from './engine/disk/reserve.js'
import { DamagedFact } from './engine/disk/small-file.js'
import { pauseMs } from './engine/disk/transient.js'
import { Layout } from './engine/format/names.js'
import { PageCache } from './engine/index/page-cache.js'
import { Log } from './engine/log.js'
import { prepareDirectories, type Recovered, recover } from './engine/recovery/recover.js'
import { NoRoom } from './engine/segment/active-segment.js'
import type { EngineContext } from './engine/segment/engine-context.js'
import type { ResolvedOptions } from './options.js'
import { writeState } from './segment-commit-log.js'
import { indexRecord, TERM_KINDS } from './terms.js'

const UNSAFE_FILE_SYSTEMS = new Set(['tmpfs', 'ramfs', 'nfs', 'cifs', 'smb', 'smb2', 'fuse', '9p', 'ceph'])

/**
 * `importing` is set to make or complete a copy. Otherwise an unfinished copy is refused, because events appended to it
 * would take the positions of those that are missing.
 */
export async function openLog(options: ResolvedOptions, importing = false): Promise<Log> {
  try {
    return await open(options, importing)
  } catch (error) {
    throw translate(error, options.directory)
  }
}

async function open(options: ResolvedOptions, importing: boolean): Promise<Log> {
  const { disk, directory } = options
  const layout = new Layout(directory)
  await disk.makeDirectory(directory)
  await refuseUnsafe(options)
  const lock = await takeLock(options, layout)
  const context = createContext(options, layout, () => lock.held())
  try {
    const started = performance.now()
    await options.underLock()
    await prepareDirectories(context)
    await refuseForgetful(options, layout.archive)
    await syncAncestors(disk, directory)
    const recovered = await recoverWhole(context, options, importing)
    const reserve = new Reserve(context.files.disk, layout.reserve, options.reserveBytes)
    const log = createLog(options, { context, lock, reserve }, recovered)
    await recovered.segments.active?.orClosed(() => prepareForWriting(log, reserve))
    const { head } = recovered
    const { clean, tornBytes } = recovered.start
    options.observer.recovered({ clean, tornBytes, head, ms: Math.round(performance.now() - started) })
    return log
  } catch (error) {
    await context.files.pool.closeAll()
    await lock.release()
    throw error
  }
}

async function prepareForWriting(log: Log, reserve: Reserve): Promise<void> {
  await reserve.fill()
  await log.writing().presize()
}

/** What a start finds damaged is put back first where a backup has it, because a damaged log takes no appends. */
async function recoverWhole(context: EngineContext, options: ResolvedOptions, importing: boolean): Promise<Recovered> {
  const found = await recover(context, importing)
  const { restoreFrom, disk, observer } = options
  const { unaccepted } = found.damage
  if (restoreFrom === '' || unaccepted.length === 0) return found
  const source = { disk: new ReadOnlyDisk(disk), layout: new BackupLayout(restoreFrom) }
  const done = await restoreAtStart(context, source, unaccepted)
  if (done.length === 0) return found
  for (const { segment, kept = null } of done) {
    const { firstPosition, lastPosition } = segment.footer
    observer.restored({ name: basename(segment.path), firstPosition, lastPosition, kept })
  }
  return recover(context, importing)
}

async function refuseUnsafe({ disk, directory, allowUnsafeFilesystem }: ResolvedOptions): Promise<void> {
  const name = await disk.fileSystem(directory)
  if (allowUnsafeFilesystem || name === undefined || !UNSAFE_FILE_SYSTEMS.has(name)) return
  throw new EngineError('unsafe_filesystem', `${directory} lies on ${name}, which forgets or reorders what was synced`)
}

/** Archives may lie on a volume of their own, over a network too, since each is read back before it counts. */
async function refuseForgetful({ disk, allowUnsafeFilesystem }: ResolvedOptions, archive: string): Promise<void> {
  const name = await disk.fileSystem(archive)
  if (allowUnsafeFilesystem || (name !== 'tmpfs' && name !== 'ramfs')) return
  throw new EngineError('unsafe_filesystem', `${archive} lies on ${name}, which forgets what was synced`)
}

/** Waits as long as it may, for a process that is about to end, with pauses that two who wait do not share. */
async function takeLock({ disk, lockWaitMs, observer }: ResolvedOptions, layout: Layout): Promise<DiskLock> {
  const tag = JSON.stringify({ pid: process.pid, host: hostname(), since: new Date().toISOString() })
  const deadline = performance.now() + lockWaitMs
  for (let failures = 1; ; failures++) {
    const attempt = await disk.lock(layout.lock, tag)
    if ('lock' in attempt) return attempt.lock
    const taken = inUse(layout.root, attempt.holder)
    const left = deadline - performance.now()
    if (left <= 0) throw taken
    if (failures === 1) observer.warned({ what: 'the start waits for the lock', detail: taken.message })
    await setTimeout(Math.min(left, pauseMs(failures)))
  }
}

export function createContext(options: ResolvedOptions, layout: Layout, owned?: () => boolean): EngineContext {
  const { clock, observer } = options
  const latch = new Latch()
  const disk = new LatchedDisk(options.disk, latch, owned)
  const pool = new FilePool(disk, options.openFiles)
  return {
    files: { disk, latch, layout, pool, presizeBytes: options.presizeBytes },
    indexes: { pool, pages: new PageCache(options.pageCacheBytes), kinds: TERM_KINDS },
    indexRecord,
    now: () => Number(clock.now() / 1_000_000n),
    random: options.random,
    observer: {
      warned: (what, detail) => observer.warned({ what, detail }),
      damaged: damage => observer.damaged(damage),
    },
  }
}

function createLog(
  options: ResolvedOptions,
  parts: { context: EngineContext; lock: DiskLock; reserve: Reserve },
  recovered: Awaited<ReturnType<typeof recover>>,
): Log {
  const { observer } = options
  const { segmentBytes, segmentHours, sealOnCloseBytes, idleMarkMs } = options
  const limits = { segmentBytes, segmentMs: segmentHours * 3_600_000, sealOnCloseBytes, idleMarkMs }
  const log = new Log({ ...parts, limits }, recovered, {
    state: (state, detail) => observer.writeState(writeState(state, detail)),
    rotated: segment => observer.rotated(segment),
  })
  parts.context.files.latch.whenTripped(error => log.failed(error))
  return log
}

export function translate(error: unknown, directory: string): unknown {
  if (error instanceof StoreError) return error
  if (error instanceof EngineError) return new StoreError(CODES[error.refusal], error.message, { cause: error })
  if (error instanceof DamagedFact) return new StoreError('DATA_CORRUPT', error.message, { cause: error })
  if (error instanceof OwnershipLost) return new StoreError('LOCKED', error.message, { cause: error })
  const code = error instanceof Latched ? diskErrorCode(error.cause) : diskErrorCode(error)
  if (code === undefined && !(error instanceof NoRoom || error instanceof Latched)) return error
  if (error instanceof NoRoom || isNoSpace(error))
    return new StoreError('DISK_FULL', `${directory} has no room to recover`, { cause: error })
  return new StoreError('STORAGE_UNAVAILABLE', `${directory} cannot be opened: ${code ?? (error as Error).message}`, {
    cause: error,
  })
}

const CODES = {
  locked: 'LOCKED',
  unsafe_filesystem: 'UNSAFE_FILESYSTEM',
  format_unsupported: 'FORMAT_UNSUPPORTED',
  damaged_fact: 'DATA_CORRUPT',
  unfinished_import: 'UNFINISHED_IMPORT',
} as const
