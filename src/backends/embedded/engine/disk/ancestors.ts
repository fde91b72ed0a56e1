// Syncs the directories above a new one, because its own entry would otherwise be lost with the power.
import { dirname } from 'node:path'
import { type Disk, diskErrorCode } from './disk.js'

/** A directory is durable only once every directory above it is, and any of those may have been made just now. */
export async function syncAncestors(disk: Disk, directory: string): Promise<void> {
  for (let below = directory; dirname(below) !== below; below = dirname(below)) {
    try {
      await disk.syncDirectory(dirname(below))
    } catch (error) {
      // A directory that this process may not open was not made by it, so there is nothing above it to sync.
      const code = diskErrorCode(error)
      if (code === 'EACCES' || code === 'EPERM') return
      throw error
    }
  }
}
