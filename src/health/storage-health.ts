// What the state of the store means for those who ask whether to send requests here. Pure.
import type { StoreStatus } from '../contract/event-store.js'

export interface StorageHealth {
  readonly status: 'up' | 'degraded' | 'down'
  readonly details: Record<string, unknown>
}

/** A store that cannot write still reads, so it is degraded; only one that is closed serves nobody. */
export function storageHealth(status: StoreStatus): StorageHealth {
  const { backend, head, first, write, damaged, queued } = status
  const details = {
    backend,
    head,
    first,
    queued,
    damagedRanges: damaged.length,
    ...(write.writable ? {} : { refuses: write.reason }),
  }
  if (!write.writable && write.reason === 'closed') return { status: 'down', details }
  return { status: write.writable && damaged.length === 0 ? 'up' : 'degraded', details }
}
