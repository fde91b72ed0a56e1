// Runs a look-up again after its index turned out to be at fault and was rebuilt from the log.
import { StoreError } from '../../contract/errors.js'
import { diskErrorCode } from './engine/disk/disk.js'
import { IndexDamaged } from './engine/index/index-format.js'
import type { ReadableLog } from './engine/readable-log.js'
import { DamagedEvent } from './entry-reader.js'
import { isKnownDamaged, secondOpinion } from './second-opinion.js'
import { segmentOf } from './segment-search.js'

const MOST_REBUILDS = 100

/** After a rebuild `work` runs again from its beginning, so it must not leave anything behind when it throws. */
export async function withIndexRepair<T>(log: ReadableLog, work: () => T | Promise<T>): Promise<T> {
  try {
    for (let rebuilds = 0; ; rebuilds++) {
      try {
        return await work()
      } catch (error) {
        if (rebuilds >= MOST_REBUILDS || !(await isMended(log, error))) throw error
      }
    }
  } catch (error) {
    throw asStoreError(error)
  }
}

/** For work that answers known damage itself: it runs again whenever it met damage that was not known before. */
export async function withoutNewDamage<T>(log: ReadableLog, work: () => T): Promise<T> {
  for (let met = 0; ; met++) {
    try {
      return await withIndexRepair(log, work)
    } catch (error) {
      const cause = error instanceof StoreError ? error.cause : undefined
      const isKnown = cause instanceof DamagedEvent && isKnownDamaged(log, cause.place.position)
      if (!isKnown || met >= MOST_REBUILDS) throw error
    }
  }
}

/** Says in an error of the contract what the disk or the log refused. */
function asStoreError(error: unknown): unknown {
  if (error instanceof StoreError) return error
  if (error instanceof DamagedEvent) return new StoreError('DATA_CORRUPT', error.message, { cause: error })
  const code = diskErrorCode(error)
  if (code === undefined) return error
  return new StoreError('STORAGE_UNAVAILABLE', `looking it up failed: ${code}`, { cause: error })
}

/** Whether an index was at fault and has been rebuilt. Damage of the event itself is recorded when this resolves. */
async function isMended(log: ReadableLog, error: unknown): Promise<boolean> {
  if (error instanceof DamagedEvent) {
    const { position } = error.place
    const segment = segmentOf(log.segments(), position)
    return segment !== undefined && (await secondOpinion(log, segment, position)) !== undefined
  }
  if (diskErrorCode(error) === 'ENOENT') return log.relocated()
  if (!(error instanceof IndexDamaged)) return false
  for (const segment of log.sealedSegments()) {
    if (log.indexPathOf(segment) !== error.path) continue
    await log.rebuildIndexOf(segment)
    return true
  }
  return false
}
