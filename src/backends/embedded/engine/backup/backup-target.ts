// The directory a backup is made in: never a data directory, never one that holds anything else, and one backup at a time.

import { basename } from 'node:path'
import { syncAncestors } from '../disk/ancestors.js'
import type { Disk, DiskLock } from '../disk/disk.js'
import { EngineError } from '../disk/engine-error.js'
import type { BackupLayout } from './backup-names.js'
import { BackupRefused } from './backup-refused.js'

/** A volume that has just been formatted is empty all the same. */
const OF_THE_VOLUME = 'lost+found'

export async function takeTarget(disk: Disk, layout: BackupLayout, tag: string): Promise<DiskLock> {
  await refuseOther(disk, layout)
  await disk.makeDirectory(layout.files)
  const attempt = await disk.lock(layout.sign, tag)
  if (!('lock' in attempt)) throw new EngineError('locked', `${layout.root} is in use by ${attempt.holder}`)
  try {
    await disk.syncDirectory(layout.root)
    await syncAncestors(disk, layout.root)
    return attempt.lock
  } catch (error) {
    await attempt.lock.release()
    throw error
  }
}

async function refuseOther(disk: Disk, layout: BackupLayout): Promise<void> {
  const names = await disk.list(layout.root)
  if (names.includes('segments') || names.includes('LOCK'))
    throw new BackupRefused('wrong_place', `${layout.root} is a data directory; a backup needs one of its own`)
  const known = [basename(layout.sign), basename(layout.files)]
  if (known.some(name => names.includes(name)) || names.every(name => name === OF_THE_VOLUME)) return
  throw new BackupRefused('wrong_place', `${layout.root} is no backup directory, and not empty`)
}
