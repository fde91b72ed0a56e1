// The manifest of a complete backup: written last, replaced as a whole, and believed only with its own hash.

import type { Disk } from '../disk/disk.js'
import { DamagedFact, readFact, writeFact } from '../disk/small-file.js'
import type { Current } from '../recovery/current.js'
import type { StoredLineage } from '../recovery/lineage.js'
import { type BackupLayout, isCopiedPath } from './backup-names.js'
import { BackupRefused } from './backup-refused.js'

export const BACKUP_FORMAT = 1

export interface BackupEntry {
  /** The path below the data directory, with `/` on every system. */
  readonly path: string
  readonly bytes: number
  readonly sha256: string
  /** True for the durable beginning of the segment that was being written, which the next backup copies anew. */
  readonly tail?: true
  /** True when the file was not what it had been sealed as when it was copied. */
  readonly damaged?: true
}

export interface BackupHead {
  readonly position: number
  /** The hash of the last frame. Two logs with the same one are the same up to here. */
  readonly chain: string
  /** The first position of the segment that holds this frame, and the byte of it at which the frame ends. */
  readonly segment: number
  readonly end: number
}

export interface Manifest {
  readonly format: number
  readonly store: string
  readonly begun: string
  readonly taken: string
  /** The first position that is kept. */
  readonly first: number
  readonly head: BackupHead
  readonly current: Current
  /** Backups made before there were lineages have none; their lineage is the id of the store. */
  readonly lineage?: StoredLineage
  readonly files: readonly BackupEntry[]
}

export async function readManifest(disk: Disk, layout: BackupLayout): Promise<Manifest | undefined> {
  const manifest = await readOwn(disk, layout)
  if (manifest === undefined) return undefined
  if (manifest.format !== BACKUP_FORMAT)
    throw new BackupRefused('wrong_place', `${layout.manifest} has format ${manifest.format}; this release reads 1`)
  const strange = manifest.files.find(({ path }) => !isCopiedPath(path))
  if (strange !== undefined) throw new BackupRefused('damaged', `${layout.manifest} names ${strange.path}`)
  return manifest
}

async function readOwn(disk: Disk, layout: BackupLayout): Promise<Manifest | undefined> {
  try {
    return (await readFact(disk, layout.manifest)) as Manifest | undefined
  } catch (error) {
    if (error instanceof DamagedFact) throw new BackupRefused('damaged', error.message)
    throw error
  }
}

/** Call this only once everything that the manifest names is durable. */
export async function writeManifest(disk: Disk, layout: BackupLayout, manifest: Manifest): Promise<void> {
  await writeFact(disk, layout.manifest, manifest)
}
