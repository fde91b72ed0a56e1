// A record holds everything an event is: any event with any set of options is read back as it was placed.
import { hash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { arbitraryJson } from '../../test/support/arbitrary-json.js'
import { recordOf } from '../../test/support/record-image.js'
import type { NewEvent } from '../contract/event.js'
import { type Placement, StoredEvent } from './record.js'

const word = fc.string({ minLength: 1, maxLength: 50 })
const words = fc.array(word, { minLength: 1, maxLength: 4 })

const anEvent = fc.record(
  {
    type: word,
    stream: word,
    data: arbitraryJson,
    metadata: arbitraryJson,
    tags: words,
    causationId: word,
    sessionId: word,
    parents: words,
    occurredAt: word,
    schemaVersion: fc.integer({ min: 1, max: 65_535 }),
  },
  { requiredKeys: ['type', 'stream', 'data'] },
) as fc.Arbitrary<NewEvent>

const aPlacement = fc.record({
  position: fc.maxSafeNat(),
  revision: fc.maxSafeNat(),
  timestampNs: fc.bigInt(0n, 2n ** 63n),
  sequence: fc.nat(65_535),
  nodeId: fc.constantFrom('n1', 'node-2.x'),
  agentId: word,
  correlationId: fc.option(word, { nil: undefined }),
  onBehalfOf: fc.option(words, { nil: undefined }),
  traceparent: fc.option(word, { nil: undefined }),
  keyed: fc.option(
    fc.record({
      key: word,
      requestHash: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      events: fc.integer({ min: 1, max: 1_000 }),
    }),
    { nil: undefined },
  ),
}) as fc.Arbitrary<Placement>

function recorded(event: NewEvent, placement: Partial<Placement> = {}): { record: Buffer; stored: StoredEvent } {
  const record = recordOf(event, placement)
  return { record, stored: new StoredEvent(record, hash('sha256', record, 'binary')) }
}

test('any event is read back as it was placed', () => {
  fc.assert(
    fc.property(anEvent, aPlacement, (event, placement) => {
      const { stored } = recorded(event, placement)
      const { data, metadata, tags = [], parents, schemaVersion = 1, ...texts } = event
      const { keyed, onBehalfOf, ...place } = placement
      const known = { ...texts, ...place, schemaVersion }
      for (const [name, value] of Object.entries(known))
        expect([name, stored[name as keyof StoredEvent]]).toEqual([name, value])
      // As text: `toEqual` trips over keys such as `constructor`.
      expect(JSON.stringify([stored.data, stored.metadata])).toBe(JSON.stringify([data, metadata]))
      expect([stored.tags, stored.parents, stored.onBehalfOf]).toEqual([tags, parents, onBehalfOf])
      expect(stored.keyed?.key).toBe(keyed?.key)
      expect(stored.keyed?.events).toBe(keyed?.events)
      expect([...(stored.keyed?.requestHash ?? [])]).toEqual([...(keyed?.requestHash ?? [])])
    }),
    { numRuns: 60 },
  )
})

test('its checksum is the hash of its bytes', () => {
  const { record, stored } = recorded({ type: 't', stream: 's', data: {} })
  expect(stored.checksum).toBe(hash('sha256', record, 'hex'))
})

test('a record cut off before its payload ends is malformed or loses only metadata that was nil', () => {
  const { record } = recorded({ type: 't', stream: 's', data: { a: 1 }, tags: ['x'] })
  for (let length = 0; length < record.length; length++)
    expect(() => new StoredEvent(record.subarray(0, length), '')).toThrow(
      expect.objectContaining({ name: 'MalformedRecord' }),
    )
})
