// What an append is decided to be, one line for each case.
import { describe, expect, test } from '@jest/globals'
import type { Condition } from '../contract/condition.js'
import type { AppendRequest } from '../contract/event-store.js'
import { type AssignedView, decide, UNKNOWN } from './decide.js'

const HASH = new Uint8Array([1])
const OTHER = new Uint8Array([2])
/** Behind this there is too much to look through at once. */
const LONG = 77
const match = { id: 'e', position: 9, type: 'taken' }

/** `orders` stands at revision 4; agent `a1` used key `k` for two events at position 7; something matches behind 5. */
const view: AssignedView<Condition> = {
  streamRevision: stream => (stream === 'orders' ? 4 : -1),
  keyed: (agentId, key) =>
    agentId === 'a1' && key === 'k' ? { position: 7, keyed: { key, requestHash: HASH, events: 2 } } : undefined,
  firstMatch: ({ after = 0 }) => (after === LONG ? UNKNOWN : after < match.position ? match : undefined),
}

function decided(more: Partial<AppendRequest>, hash: Uint8Array | undefined = HASH, agentId = 'a1') {
  const request = { events: [{ type: 't', stream: 'orders', data: {} }], author: { agentId }, ...more }
  return decide({ request, requestHash: hash, spelledHash: undefined, search: request.condition }, view)
}

const expecting = (stream: string, expectedRevision: number | 'none' | 'exists' | 'any') => ({
  expectations: [{ stream, expectedRevision }],
})
const condition = (after?: number) => ({
  condition: { failIfEventsMatch: { items: [{ types: ['taken'] }] }, ...(after === undefined ? {} : { after }) },
})
const revision = (stream: string, expected: number | string, actual: number) => ({
  kind: 'conflict',
  violations: [{ kind: 'revision', stream, expected, actual }],
})

describe('an append is', () => {
  test.each([
    ['stored when it asks for nothing', {}, { kind: 'store' }],
    ['stored when the stream is where it should be', expecting('orders', 4), { kind: 'store' }],
    ['stored when the stream is new as it should be', expecting('visits', 'none'), { kind: 'store' }],
    ['a conflict when the stream is ahead', expecting('orders', 3), revision('orders', 3, 4)],
    ['a conflict when the stream is behind', expecting('orders', 5), revision('orders', 5, 4)],
    ['a conflict when the stream exists', expecting('orders', 'none'), revision('orders', 'none', 4)],
    ['a conflict when the stream does not exist', expecting('visits', 0), revision('visits', 0, -1)],
    [
      'a conflict when something matches',
      condition(),
      { kind: 'conflict', violations: [{ kind: 'condition', ...match }] },
    ],
    [
      'a conflict when something matches just behind',
      condition(8),
      { kind: 'conflict', violations: [{ kind: 'condition', ...match }] },
    ],
    ['stored when nothing matches behind', condition(9), { kind: 'store' }],
    ['a repetition under its key', { key: 'k' }, { kind: 'duplicate', position: 7, events: 2 }],
    [
      'a repetition, whatever the stream did since',
      { key: 'k', ...expecting('orders', 'none') },
      { kind: 'duplicate', position: 7, events: 2 },
    ],
    ['stored under a new key', { key: 'k2' }, { kind: 'store' }],
    ['left open while its condition is looked into', condition(LONG), { kind: 'undecided' }],
    [
      'a repetition, and no condition is looked into for it',
      { key: 'k', ...condition(LONG) },
      { kind: 'duplicate', position: 7, events: 2 },
    ],
  ] as const)('%s', (_, more, decision) => expect(decided(more)).toEqual(decision))

  test('refused under a key that was used for something else', () => {
    expect(decided({ key: 'k' }, OTHER)).toEqual({ kind: 'key-reused' })
  })

  test('stored under another agent’s key', () => {
    expect(decided({ key: 'k' }, HASH, 'a2')).toEqual({ kind: 'store' })
  })

  test('told every violation at once', () => {
    const all = {
      ...condition(),
      expectations: [...expecting('orders', 1).expectations, ...expecting('visits', 2).expectations],
    }
    expect(decided(all)).toMatchObject({ violations: [{ stream: 'orders' }, { stream: 'visits' }, { position: 9 }] })
  })
})
