// Tells whether a backup has an archive, by reading its copy, before the archive of the store is removed.
import { FilePool } from '../disk/file-pool.js'
import type { SealedSegment } from '../segment/sealed-segment.js'
import { fileSha256 } from '../upkeep/archive.js'
import { readManifest } from './backup-manifest.js'
import type { BackupSource } from './restore-segment.js'

/** The name of an archive holds its hash, so a copy with that hash is the archive to the last byte. */
export async function holdsArchive({ disk, layout }: BackupSource, { name }: SealedSegment): Promise<boolean> {
  const manifest = await readManifest(disk, layout)
  const entry = manifest?.files.find(({ path }) => path === `archive/${name}`)
  if (entry === undefined || entry.damaged === true || !name.endsWith(`-${entry.sha256}.zst`)) return false
  const pool = new FilePool(disk, 1)
  try {
    const turn = () => new Promise<void>(resolve => void setImmediate(resolve))
    return (await fileSha256(pool, layout.pathOf(entry), turn)) === entry.sha256
  } finally {
    await pool.closeAll()
  }
}
