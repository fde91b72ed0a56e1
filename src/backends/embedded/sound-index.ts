// Runs a lookup again after its index turned out to be damaged and was rebuilt from the log.
import { StoreError } from '../../contract/errors.js'
import { diskErrorCode } from './engine/disk.js'
import { IndexDamaged } from './engine/index/index-format.js'
import type { Log } from './engine/log.js'
import { DamagedEvent } from './entry-reader.js'

const MOST_REBUILDS = 100

/** Whatever `work` did before it met the damage is done again: it must not have left anything behind. */
export async function withSoundIndexes<T>(log: Log, work: () => T | Promise<T>): Promise<T> {
  try {
    for (let rebuilds = 0; ; rebuilds++) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof IndexDamaged) || rebuilds >= MOST_REBUILDS) throw error
        await rebuild(log, error)
      }
    }
  } catch (error) {
    throw asStoreError(error)
  }
}

/** What the disk or the log refused, in the contract's words. */
function asStoreError(error: unknown): unknown {
  if (error instanceof StoreError) return error
  if (error instanceof DamagedEvent) return new StoreError('DATA_CORRUPT', error.message, { cause: error })
  const code = diskErrorCode(error)
  if (code === undefined) return error
  return new StoreError('STORAGE_UNAVAILABLE', `looking it up failed: ${code}`, { cause: error })
}

async function rebuild(log: Log, error: IndexDamaged): Promise<void> {
  for (const segment of log.sealedSegments()) {
    if (log.indexPathOf(segment) === error.path) return log.rebuildIndexOf(segment)
  }
  throw error
}
