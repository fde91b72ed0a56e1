// The terms that are taken from the bytes of a record are those of the event, whatever it holds.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { SaidEvent } from '../../contract/event.js'
import { formatId } from '../../contract/event-id.js'
import { recordSaidBy, StoredEvent } from '../../record/record.js'
import { ActivePostings } from './engine/index/active-postings.js'
import { indexEvent, indexRecord, KIND, TERM_KINDS } from './terms.js'

const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 40 }),
  fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }),
)
const option = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
const texts = fc.array(text, { maxLength: 4 })
const said = fc.record({
  stream: text,
  type: text,
  agentId: text,
  schemaVersion: fc.nat(70_000),
  tags: option(texts),
  correlationId: option(text),
  causationId: option(text),
  sessionId: option(text),
  parents: option(texts),
  occurredAt: option(fc.constant('2026-01-01T00:00:00Z')),
  onBehalfOf: option(texts),
  traceparent: option(text),
})

const keyed = option(text.map(key => ({ key, requestHash: Buffer.alloc(16, 7), events: 1 })))

/** Every term with its ordinals, in one order. */
function told(postings: ActivePostings): unknown[] {
  return Object.values(KIND).map(kind => {
    const table = postings.table(kind)
    const entries = [...table.entries()].map(({ high, low, value }) => {
      const ordinals = value >= 0 ? [value] : [...postings.lists.view(~value)]
      return `${high} ${low} ${ordinals.join()}`
    })
    return [entries.sort(), [...table.texts()].sort()]
  })
}

test('the terms of a record are those of its event', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(said, keyed), { minLength: 1, maxLength: 6 }), events => {
      const [ofBytes, ofEvents] = [new ActivePostings(TERM_KINDS), new ActivePostings(TERM_KINDS)]
      for (const [at, [event, key]] of events.entries()) {
        const id = formatId(1_700_000_000_000_000_000n, at, 'node-1')
        const whole = { ...event, id, position: at + 1, revision: at, data: { at } } as unknown as SaidEvent
        const record = recordSaidBy(whole, { keyed: key })
        const padded = Buffer.concat([Buffer.alloc(at, 0xff), record])
        indexRecord(padded, at, ofBytes.add(at, at + 1), ofBytes)
        const stored = new StoredEvent(record, '')
        indexEvent(ofEvents, ofEvents.add(at, at + 1), stored, stored.keyed?.key)
      }
      expect(told(ofBytes)).toEqual(told(ofEvents))
    }),
    { numRuns: 300, seed: 1 },
  )
})
