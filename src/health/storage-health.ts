// What the state of the store means for those who ask whether to send requests here, and how it is. Pure.
import type { StoreStatus } from '../contract/event-store.js'

export interface Standing {
  readonly status: StoreStatus
  /** False while the data directory is not where it was, or nothing in it can be read. */
  readonly readable: boolean
}

export interface StorageHealth {
  readonly status: 'up' | 'degraded' | 'down'
  readonly details: Record<string, unknown>
}

/** After these nothing that is read here is sure to be what another server, or nobody, has. */
const GONE = new Set(['closed', 'lost_ownership'])

/** A store that takes no appends is down, whatever it still serves: somebody has to look. */
export function storageHealth(standing: Standing): StorageHealth {
  const { status, readable } = standing
  const details = detailsOf(standing)
  if (!status.write.writable || !readable) return { status: 'down', details }
  return { status: status.damaged.length === 0 ? 'up' : 'degraded', details }
}

/** Whether requests should be sent here. Reads are right on a full disk, after a failed sync and beside damage. */
export function storageReadiness(standing: Standing, readyWhenReadOnly: boolean): StorageHealth {
  const { status, readable } = standing
  const { write, damaged } = status
  const details = detailsOf(standing)
  const serves = write.writable || (readyWhenReadOnly && !GONE.has(write.reason))
  if (!readable || !serves) return { status: 'down', details }
  return { status: write.writable && damaged.length === 0 ? 'up' : 'degraded', details }
}

function detailsOf({ status, readable }: Standing): Record<string, unknown> {
  const { backend, head, first, write, damaged, queued } = status
  return {
    backend,
    head,
    first,
    queued,
    damagedRanges: damaged.length,
    ...(write.writable ? {} : { refuses: write.reason }),
    ...(readable ? {} : { unreadable: true }),
  }
}
