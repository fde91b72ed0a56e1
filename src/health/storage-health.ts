// Judges the state of the store: how healthy it is, and whether requests should be sent here. Pure.
import type { StoreStatus } from '../contract/event-store.js'

export interface Standing {
  readonly status: StoreStatus
  /** False while the data directory is not where it was, or no event in it can be read. */
  readonly readable: boolean
}

export interface StorageHealth {
  readonly status: 'up' | 'degraded' | 'down'
  readonly details: Record<string, unknown>
}

/** After these the log may belong to another server, so what is read here may no longer be what the log holds. */
const GONE = new Set(['closed', 'lost_ownership'])

/** A store that takes no appends is down although it may still serve reads, because somebody has to act. */
export function storageHealth(standing: Standing): StorageHealth {
  const { status, readable } = standing
  const details = detailsOf(standing)
  if (!status.write.writable || !readable) return { status: 'down', details }
  return { status: status.damaged.length === 0 ? 'up' : 'degraded', details }
}

/** Whether requests should be sent here. Reads stay correct on a full disk, after a failed sync and beside damage. */
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
