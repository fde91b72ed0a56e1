// Backup and restore as library calls; the store that is backed up may be in use by a server.
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { basename } from 'node:path'
import { StoreError } from '../../contract/errors.js'
import type { Position } from '../../contract/event.js'
import { parseTime } from '../../contract/rfc3339.js'
import { StoredEvent } from '../../record/record.js'
import { type BackupReport, backup } from './engine/backup/backup.js'
import { BackupLayout } from './engine/backup/backup-names.js'
import { BackupRefused } from './engine/backup/backup-refused.js'
import type { Cut } from './engine/backup/cut-backup.js'
import { type RestoreReport, restore } from './engine/backup/restore.js'
import { type PutBack, putBack } from './engine/backup/restore-segment.js'
import type { Disk } from './engine/disk/disk.js'
import { isNoSpace } from './engine/disk/latch.js'
import { ReadOnlyDisk } from './engine/disk/read-only-disk.js'
import { RealDisk } from './engine/disk/real-disk.js'
import { Layout } from './engine/format/names.js'
import type { VerifyReport } from './engine/inspect/verify.js'
import { forgetDamageOf } from './engine/recovery/damage-record.js'
import { forkOf } from './engine/recovery/lineage.js'
import { translate } from './open-log.js'
import { inContext, underOwnLock, verifyStore } from './verify-store.js'

export interface BackupOptions {
  readonly disk?: Disk
  /** Milliseconds to wait for an idle writer to mark what it has written as durable. */
  readonly proofMs?: number
}

export interface RestoreOptions {
  readonly disk?: Disk
  /** Stops at the first copy whose hash does not match, and verifies the whole store once it is restored. */
  readonly verify?: boolean
  /** The last position, or the last moment (RFC 3339), whose events are restored. */
  readonly to?: Position | string
}

export interface RestoredReport extends RestoreReport {
  /** Present only when `verify` was set and the restore was finished. */
  readonly verified?: VerifyReport
}

/** The writer marks after 50 ms of idleness, but a busy disk may take longer to sync the mark. */
const PROOF_MS = 2_000

/** Takes no lock, so a server can go on writing during the backup. */
export async function backupStore(
  directory: string,
  target: string,
  { disk = new RealDisk(), proofMs = PROOF_MS }: BackupOptions = {},
): Promise<BackupReport> {
  return underTranslation(target, async () => {
    await requireStore(disk, directory)
    return backup({
      source: { disk: new ReadOnlyDisk(disk), layout: new Layout(directory) },
      target: { disk, layout: new BackupLayout(target) },
      now: Date.now,
      random: randomBytes,
      tag: tagOf('backup'),
      proofMs,
    })
  })
}

export async function restoreStore(
  from: string,
  directory: string,
  { disk = new RealDisk(), verify = false, to }: RestoreOptions = {},
): Promise<RestoredReport> {
  return underTranslation(directory, async () => {
    const report = await restore({
      source: { disk: new ReadOnlyDisk(disk), layout: new BackupLayout(from) },
      target: { disk, layout: new Layout(directory) },
      tag: tagOf('restore'),
      strict: verify,
      fork: (parent, at) => forkOf(parent, at, { now: Date.now, random: randomBytes }),
      cut: to === undefined ? undefined : cutAt(to),
    })
    return verify && report.restored ? { ...report, verified: await verifyStore(directory, { disk }) } : report
  })
}

/** Puts the sealed segment that holds `position` back into a store that nobody uses, once it has proved itself. */
export async function restoreSegment(
  from: string,
  directory: string,
  position: number,
  { disk = new RealDisk() }: { readonly disk?: Disk } = {},
): Promise<PutBack> {
  const source = { disk: new ReadOnlyDisk(disk), layout: new BackupLayout(from) }
  return underTranslation(directory, async () => {
    await requireStore(disk, directory)
    return underOwnLock(disk, directory, 'restore', () =>
      inContext(disk, directory, async context => {
        const done = await putBack(context, source, position)
        await forgetDamageOf(context.files, done.segment.footer)
        return done
      }),
    )
  })
}

/** An append of which a part lies behind the cut is not restored, because it is stored whole or not at all. */
function cutAt(to: Position | string): Cut {
  if (typeof to === 'number') {
    return { position: to, keeps: ({ firstPosition, items }) => firstPosition + items.length - 1 <= to }
  }
  const moment = parseTime(to)
  const ms = Number(moment / 1_000_000n)
  return { ms, keeps: ({ items }) => items.every(({ record }) => new StoredEvent(record, '').timestampNs <= moment) }
}

function tagOf(doing: string): string {
  return JSON.stringify({ pid: process.pid, host: hostname(), since: new Date().toISOString(), doing })
}

/** Without this check a mistyped path would become an empty backup. */
async function requireStore(disk: Disk, directory: string): Promise<void> {
  const { segments } = new Layout(directory)
  if ((await disk.list(directory)).includes(basename(segments))) return
  throw new StoreError('INVALID_REQUEST', `${directory} is no data directory: it holds no segments`)
}

async function underTranslation<T>(written: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StoreError) throw error
    if (error instanceof BackupRefused) throw new StoreError(CODES[error.refusal], error.message, { cause: error })
    if (isNoSpace(error)) throw new StoreError('DISK_FULL', `${written} has no room`, { cause: error })
    throw translate(error, written)
  }
}

const CODES = {
  wrong_place: 'INVALID_REQUEST',
  damaged: 'DATA_CORRUPT',
  no_room: 'DISK_FULL',
  unsettled: 'STORAGE_UNAVAILABLE',
} as const
