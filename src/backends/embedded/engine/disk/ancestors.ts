// Syncs the directories above a new one, because its own entry would be lost with the power otherwise.
import { dirname } from 'node:path'
import { type Disk, diskErrorCode } from './disk.js'

/** A directory is durable once every directory above it knows it, and any of those may have been made just now. */
export async function syncAncestors(disk: Disk, directory: string): Promise<void> {
  for (let below = directory; dirname(below) !== below; below = dirname(below)) {
    try {
      await disk.syncDirectory(dirname(below))
    } catch (error) {
      // One that cannot be opened was not made by this process.
      const code = diskErrorCode(error)
      if (code === 'EACCES' || code === 'EPERM') return
      throw error
    }
  }
}
