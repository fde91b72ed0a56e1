// Storage health: a store that cannot write is degraded, a closed one is down.
import type { StoreStatus, WriteState } from '../contract/event-store.js'
import { storageHealth } from './storage-health.js'

function statusWith(write: WriteState, damaged: StoreStatus['damaged'] = []): StoreStatus {
  return { backend: 'memory', head: 7, first: 1, write, damaged, queued: 0, queuedBytes: 0, details: {} }
}

const damage = { from: 2, to: 3, where: 'segment', reason: 'checksum' }
const refusal = (reason: 'closed' | 'disk_full') => ({ writable: false, reason, detail: '' }) as const

test.each([
  ['up', statusWith({ writable: true })],
  ['degraded', statusWith({ writable: true }, [damage])],
  ['degraded', statusWith(refusal('disk_full'))],
  ['down', statusWith(refusal('closed'))],
])('%s', (expected, status) => {
  expect(storageHealth(status).status).toBe(expected)
})

test('the details say what a reader of the probe needs', () => {
  expect(storageHealth(statusWith(refusal('disk_full'), [damage])).details).toEqual({
    backend: 'memory',
    head: 7,
    first: 1,
    queued: 0,
    damagedRanges: 1,
    refuses: 'disk_full',
  })
})
