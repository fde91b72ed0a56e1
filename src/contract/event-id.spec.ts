// Event ids: one spelling each, strict reading, and an order that is the order of time.
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  compareIds,
  formatId,
  formatTimestamp,
  type IdParts,
  isEventId,
  isNodeId,
  parseId,
  SEQUENCE_MAX,
  TIMESTAMP_MAX,
} from './event-id.js'

const nodeId = fc.stringMatching(/^[A-Za-z0-9.-]{1,32}$/)
const parts: fc.Arbitrary<IdParts> = fc.record({
  timestampNs: fc.bigInt({ min: 0n, max: TIMESTAMP_MAX }),
  sequence: fc.integer({ min: 0, max: SEQUENCE_MAX }),
  nodeId,
})

describe('an event id', () => {
  it('is read back as what it was written from', () => {
    fc.assert(
      fc.property(parts, id => {
        expect(parseId(formatId(id.timestampNs, id.sequence, id.nodeId))).toEqual(id)
      }),
    )
  })

  it.each(['0_0_a', '1767225600000000000_0_node-1', `${TIMESTAMP_MAX}_${SEQUENCE_MAX}_eu.west-1`])('%s is one', id => {
    expect(isEventId(id)).toBe(true)
  })

  it.each([
    '',
    '1',
    '1_2',
    '1_2_',
    '_2_a',
    '1__a',
    '01_2_a',
    '1_02_a',
    '00_0_a',
    '-1_2_a',
    '+1_2_a',
    '1.0_2_a',
    '0x1_2_a',
    '1e3_2_a',
    '1_2_a_b',
    '1_2_ä',
    '1_2_a b',
    ' 1_2_a',
    '1_2_a\n',
    '١_2_a',
    `${TIMESTAMP_MAX + 1n}_0_a`,
    `1_${SEQUENCE_MAX + 1}_a`,
    `1_2_${'a'.repeat(33)}`,
    `${'9'.repeat(100_000)}_0_a`,
  ])('%.40j is none', text => {
    expect(parseId(text)).toBeUndefined()
    expect(isEventId(text)).toBe(false)
  })

  it('stands in the order of time, then sequence, then node', () => {
    const order = [
      { timestampNs: 1n, sequence: 0, nodeId: 'a' },
      { timestampNs: 1n, sequence: 0, nodeId: 'b' },
      { timestampNs: 1n, sequence: 9, nodeId: 'a' },
      { timestampNs: 1n, sequence: 10, nodeId: 'a' },
      { timestampNs: 9n, sequence: 0, nodeId: 'a' },
      { timestampNs: 10n, sequence: 0, nodeId: 'a' },
    ]
    for (const [i, a] of order.entries()) {
      for (const [j, b] of order.entries()) expect(Math.sign(compareIds(a, b))).toBe(Math.sign(i - j))
    }
  })

  it.each<[string, boolean]>([
    ['a', true],
    ['node-1', true],
    ['EU.west-1', true],
    ['n'.repeat(32), true],
    ['', false],
    ['n'.repeat(33), false],
    ['node_1', false],
    ['node 1', false],
    ['nöde', false],
    ['node\n', false],
  ])('may name the node %j: %p', (name, may) => {
    expect(isNodeId(name)).toBe(may)
  })
})

describe('a timestamp', () => {
  it.each<[bigint, string]>([
    [0n, '1970-01-01T00:00:00.000000000Z'],
    [1n, '1970-01-01T00:00:00.000000001Z'],
    [999_999_999n, '1970-01-01T00:00:00.999999999Z'],
    [1_000_000_000n, '1970-01-01T00:00:01.000000000Z'],
    [1_767_225_600_123_456_789n, '2026-01-01T00:00:00.123456789Z'],
    [TIMESTAMP_MAX, '2554-07-21T23:34:33.709551615Z'],
  ])('of %p ns reads %s', (ns, text) => {
    expect(formatTimestamp(ns)).toBe(text)
  })

  it('does not depend on the one before', () => {
    const ns = fc.bigInt({ min: 0n, max: TIMESTAMP_MAX })
    fc.assert(
      fc.property(ns, ns, (one, other) => {
        const before = formatTimestamp(one)
        formatTimestamp(other)
        expect(formatTimestamp(one)).toBe(before)
      }),
    )
  })

  it.each([-1n, TIMESTAMP_MAX + 1n])('of %p ns does not exist', ns => {
    expect(() => formatTimestamp(ns)).toThrow(RangeError)
  })
})
