// What an append is recognised by when it comes again, and how large it is taken to be before it is encoded.
import { describe, expect, test } from '@jest/globals'
import type { AppendRequest } from '../contract/event-store.js'
import { AppendPreparer, type PreparedAppend } from './append-request.js'
import { PackWriter } from './codec/writer.js'
import { type AssignedView, decide } from './decide.js'
import { encodeRecord, type Payload } from './record.js'

const prepare = (request: AppendRequest) => new AppendPreparer().prepare(request)
const hex = (hash: Uint8Array | undefined) => hash && Buffer.from(hash).toString('hex')
const ORDER = { type: 'Opened', stream: 'orders/1', data: { n: 1 } }
const AUTHOR = { agentId: 'a' }
const KEYED: AppendRequest = { events: [ORDER], author: AUTHOR, key: 'k' }
const SPELLED: AppendRequest = {
  ...KEYED,
  events: [{ ...ORDER, tags: [] }],
  expectations: [
    { stream: 'b', expectedRevision: 1 },
    { stream: 'a', expectedRevision: 'none' },
  ],
  condition: { after: 0, failIfEventsMatch: { items: [{ tags: ['b', 'a'] }, { types: [], tags: ['a'] }] } },
}

describe('a request whose key was stored by an earlier version', () => {
  /** Stored by the version that took every spelling for another request. */
  const STORED = '5cbf3371a87d8ecc94d326978908bc1d'

  function decided(request: AppendRequest, stored: string) {
    const keyed = { key: 'k', requestHash: Buffer.from(stored, 'hex'), events: 1 }
    const view: AssignedView<never> = {
      streamRevision: () => -1,
      keyed: () => ({ position: 7, keyed }),
      firstMatch: () => undefined,
    }
    return decide({ ...prepare(request), search: undefined }, view).kind
  }

  test('is recognised in the spelling it had', () => {
    expect(hex(prepare(SPELLED).spelledHash)).toBe(STORED)
    expect(decided(SPELLED, STORED)).toBe('duplicate')
    expect(decided(KEYED, STORED)).toBe('key-reused')
  })

  test('is hashed as it was where there is nothing to spell in two ways', () => {
    const { requestHash, spelledHash } = prepare(KEYED)
    expect([hex(requestHash), spelledHash]).toEqual(['a90358fd7acb53e48cc0bf9894597213', undefined])
  })
})

describe('the bytes of an append that waits', () => {
  function recordBytes({ request, payloads, requestHash }: PreparedAppend): number {
    const writer = new PackWriter()
    const { key, events, author } = request
    const keyed = key === undefined || requestHash === undefined ? undefined : { key, requestHash, events: 1 }
    const placed = {
      position: 2 ** 40,
      revision: 2 ** 40,
      timestampNs: 2n ** 60n,
      sequence: 9_999,
      nodeId: 'n'.repeat(32),
    }
    for (const [at, event] of events.entries()) {
      const { agentId, correlationId, onBehalfOf, traceparent } = author
      const placement = {
        ...placed,
        agentId,
        correlationId,
        onBehalfOf,
        traceparent,
        keyed: at === 0 ? keyed : undefined,
      }
      encodeRecord(writer, event, payloads[at] as Payload, placement)
    }
    return writer.at
  }
  const wide = (chars: number) => '€'.repeat(chars)
  const FULL = {
    ...ORDER,
    type: 't'.repeat(128),
    stream: 's'.repeat(256),
    tags: Array.from({ length: 32 }, (_, n) => `${n}`.padStart(128, '€')),
    causationId: wide(128),
    sessionId: wide(128),
    occurredAt: '2026-01-31T12:00:00.000000000+00:00',
  }
  const AUTHORED = {
    agentId: wide(128),
    correlationId: wide(128),
    onBehalfOf: Array.from({ length: 8 }, () => wide(128)),
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  }

  test.each<[string, AppendRequest]>([
    ['short', KEYED],
    ['with every field at its longest', { events: Array(3).fill(FULL), author: AUTHORED, key: 'k'.repeat(255) }],
  ])('are at least those of its records: %s', (_, request) => {
    const prepared = prepare(request)
    expect(prepared.bytes).toBeGreaterThanOrEqual(recordBytes(prepared))
  })

  test('hold what it requires as well', () => {
    const tags = Array.from({ length: 32 }, (_, n) => `${n}`.padStart(128, 't'))
    const expectations = Array.from({ length: 100 }, (_, n) => ({
      stream: `${n}`.padStart(256, 's'),
      expectedRevision: 'any' as const,
    }))
    const plain = prepare({ events: [ORDER], author: AUTHOR }).bytes
    const conditional = prepare({
      events: [ORDER],
      author: AUTHOR,
      condition: { failIfEventsMatch: { items: [{ tags }] } },
    })
    expect(conditional.bytes - plain).toBeGreaterThan(32 * 128)
    expect(prepare({ events: [ORDER], author: AUTHOR, expectations }).bytes - plain).toBeGreaterThan(100 * 256)
  })
})
