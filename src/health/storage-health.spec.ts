// Storage health and readiness: what each state of the store means for who asks how it is, and for who sends requests.
import type { StoreStatus, WriteState } from '../contract/event-store.js'
import { type Standing, storageHealth, storageReadiness } from './storage-health.js'

function standing(write: WriteState, damaged: StoreStatus['damaged'] = [], readable = true): Standing {
  const status = {
    backend: 'memory',
    head: 7,
    first: 1,
    write,
    damaged,
    queued: 0,
    queuedBytes: 0,
    size: undefined,
    details: {},
  }
  return { status, readable }
}

type Reason = Extract<WriteState, { writable: false }>['reason']
const damage = { from: 2, to: 3, where: 'segment', reason: 'checksum' }
const refusal = (reason: Reason) => ({ writable: false, reason, detail: '' }) as const
const WRITABLE = { writable: true } as const

// health: how it is; ready: whether reads may be sent here; strict: the same where READY_WHEN_READ_ONLY is false.
test.each([
  { what: 'writable', of: standing(WRITABLE), health: 'up', ready: 'up', strict: 'up' },
  { what: 'damaged', of: standing(WRITABLE, [damage]), health: 'degraded', ready: 'degraded', strict: 'degraded' },
  { what: 'a full disk', of: standing(refusal('disk_full')), health: 'down', ready: 'degraded', strict: 'down' },
  { what: 'a failed sync', of: standing(refusal('failed_sync')), health: 'down', ready: 'degraded', strict: 'down' },
  { what: 'corrupt', of: standing(refusal('corrupt'), [damage]), health: 'down', ready: 'degraded', strict: 'down' },
  { what: 'lost', of: standing(refusal('lost_ownership')), health: 'down', ready: 'down', strict: 'down' },
  { what: 'closed', of: standing(refusal('closed')), health: 'down', ready: 'down', strict: 'down' },
  { what: 'unreadable', of: standing(WRITABLE, [], false), health: 'down', ready: 'down', strict: 'down' },
])('$what: health $health, ready $ready, without read-only $strict', ({ of, health, ready, strict }) => {
  const found = [storageHealth(of), storageReadiness(of, true), storageReadiness(of, false)]
  expect(found.map(({ status }) => status)).toEqual([health, ready, strict])
})

test('the details say what a reader of the probe needs', () => {
  expect(storageHealth(standing(refusal('disk_full'), [damage], false)).details).toEqual({
    backend: 'memory',
    head: 7,
    first: 1,
    queued: 0,
    damagedRanges: 1,
    refuses: 'disk_full',
    unreadable: true,
  })
})
