// Runs a lookup again after an index turned out to be at fault and was rebuilt from the log.
import { StoreError } from '../../contract/errors.js'
import { diskErrorCode } from './engine/disk/disk.js'
import { IndexDamaged } from './engine/index/index-format.js'
import type { Log } from './engine/log.js'
import { DamagedEvent } from './entry-reader.js'
import { isKnownDamaged, secondOpinion } from './second-opinion.js'
import { segmentOf } from './segment-search.js'

const MOST_REBUILDS = 100

/** Whatever `work` did before it met the damage is done again: it must not have left anything behind. */
export async function withIndexRepair<T>(log: Log, work: () => T | Promise<T>): Promise<T> {
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

/** For work that knows what to say of damage once it is known: it is done again whenever it has met some that was not. */
export async function withoutNewDamage<T>(log: Log, work: () => T): Promise<T> {
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

/** What the disk or the log refused, in the contract's words. */
function asStoreError(error: unknown): unknown {
  if (error instanceof StoreError) return error
  if (error instanceof DamagedEvent) return new StoreError('DATA_CORRUPT', error.message, { cause: error })
  const code = diskErrorCode(error)
  if (code === undefined) return error
  return new StoreError('STORAGE_UNAVAILABLE', `looking it up failed: ${code}`, { cause: error })
}

/** Whether it was an index, and there is another now. An event that is damaged itself is known to be when this answers. */
async function isMended(log: Log, error: unknown): Promise<boolean> {
  if (error instanceof DamagedEvent) {
    const { position } = error.place
    const segment = segmentOf(log.segments(), position)
    return segment !== undefined && (await secondOpinion(log, segment, position)) !== undefined
  }
  if (!(error instanceof IndexDamaged)) return false
  for (const segment of log.sealedSegments()) {
    if (log.indexPathOf(segment) !== error.path) continue
    await log.rebuildIndexOf(segment)
    return true
  }
  return false
}
