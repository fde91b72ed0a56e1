// The grammar of `where`: what it takes, and every fault with its pointer.
import fc from 'fast-check'
import { FieldFindings } from '../contract/check/field-findings.js'
import { QUERY_LIMITS } from './query-limits.js'
import { readWhere } from './where.js'

function faults(where: unknown): string[] {
  const findings = new FieldFindings()
  readWhere(where, '/where', findings)
  try {
    findings.settle()
    return []
  } catch (error) {
    return (error as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer)
  }
}

const leaf = { field: 'type', op: 'eq', value: 'TaskDone' }
const nested = (levels: number): unknown => {
  let where: unknown = leaf
  for (let i = 1; i < levels; i++) where = { not: where }
  return where
}

test.each<[string, unknown]>([
  ['a condition', leaf],
  ['a path into data', { field: 'data.score', op: 'gte', value: 0.8 }],
  ['a JSON Pointer for a key with a dot', { field: '/data/a.b', op: 'eq', value: null }],
  ['keys that objects have by nature', { field: 'data.__proto__.constructor', op: 'eq', value: 'x' }],
  ['exists without a value', { field: 'sessionId', op: 'exists' }],
  ['groups in groups', { and: [leaf, { or: [leaf, { not: leaf }] }] }],
  ['the deepest tree', nested(QUERY_LIMITS.whereDepth)],
  ['an instant with another offset', { field: 'timestamp', op: 'lt', value: '2026-01-01T01:00:00.5+01:00' }],
  ['the short form', { type: 'TaskDone', 'data.score': { gte: 0.8, lt: 1 } }],
  ['a field in the short form that is called as an operator is', { 'data.eq': { eq: 1 }, '/metadata/in': 'x' }],
  ['the short form in groups, beside the long one', { or: [{ type: 'A' }, leaf, { not: { tags: 'draft' } }] }],
  ['null and an absent field in the short form', { 'data.a': null, sessionId: { exists: false } }],
])('takes %s', (_, where) => {
  expect(faults(where)).toEqual([])
})

test.each<[string, unknown, string[]]>([
  ['no object', 7, ['/where']],
  ['an empty object', {}, ['/where']],
  ['a group without parts', { and: [] }, ['/where/and']],
  ['a group that is no list', { or: leaf }, ['/where/or']],
  ['two groups at once', { and: [leaf], or: [leaf] }, ['/where/or']],
  ['a field nobody knows', { ...leaf, field: 'typ' }, ['/where/field']],
  ['an inherited field', { ...leaf, field: 'constructor' }, ['/where/field']],
  ['a way into a text', { ...leaf, field: 'type.length' }, ['/where/field']],
  ['an empty key by dots', { ...leaf, field: 'data..a' }, ['/where/field']],
  ['a broken escape', { ...leaf, field: '/data/~2' }, ['/where/field']],
  ['an operator nobody knows', { ...leaf, op: 'regex' }, ['/where/op']],
  ['no value', { field: 'type', op: 'eq' }, ['/where/value']],
  ['a number for a text', { ...leaf, value: 7 }, ['/where/value']],
  ['a text for a number', { field: 'position', op: 'gt', value: '7' }, ['/where/value']],
  ['a date for an instant', { field: 'timestamp', op: 'gt', value: '2026-01-01' }, ['/where/value']],
  ['a text for an id', { field: 'id', op: 'gt', value: 'first' }, ['/where/value']],
  ['a pattern for a number', { field: 'position', op: 'like', value: '7*' }, ['/where/value']],
  ['an order of booleans', { field: 'data.done', op: 'gt', value: false }, ['/where/value']],
  ['an object to compare with', { field: 'data.a', op: 'eq', value: {} }, ['/where/value']],
  ['no list for in', { field: 'type', op: 'in', value: 'a' }, ['/where/value']],
  ['an empty list', { field: 'type', op: 'in', value: [] }, ['/where/value']],
  ['a wrong item of a list', { field: 'type', op: 'nin', value: ['a', 1, null] }, ['/where/value/1', '/where/value/2']],
  ['a field too many', { ...leaf, flags: 'i' }, ['/where/flags']],
  [
    'more levels than allowed',
    nested(QUERY_LIMITS.whereDepth + 1),
    [`/where${'/not'.repeat(QUERY_LIMITS.whereDepth)}`],
  ],
  ['more conditions than allowed', { or: Array(QUERY_LIMITS.whereNodes).fill(leaf) }, ['/where']],
  [
    'patterns that cost too much',
    { or: Array(9).fill({ field: 'data.a', op: 'like', value: 'x'.repeat(128) }) },
    ['/where'],
  ],
  ['an operator of the short form nobody knows', { 'data.a': { min: 3, gte: 'x' } }, ['/where/data.a/min']],
  ['a field of the short form no event has', { kind: 'x', type: { like: 7 } }, ['/where/kind', '/where/type/like']],
  [
    'a value the field of a short form never has',
    { type: 7, position: { gt: '7' } },
    ['/where/type', '/where/position/gt'],
  ],
  ['a wrong item in the short form', { type: { in: ['a', 1] } }, ['/where/type/in/1']],
  ['a list in the short form', { type: ['a', 'b'] }, ['/where/type']],
  ['a field of the short form without operators', { 'data.a': {} }, ['/where/data.a']],
  ['a group beside a field', { type: 'a', and: [leaf] }, ['/where/type']],
  ['a field beside the long form', { ...leaf, stream: 'a' }, ['/where/stream']],
  ['a path with a slash', { '/data/a~1b': { gt: false } }, ['/where/~1data~1a~01b/gt']],
  [
    'more comparisons than allowed in the short form',
    Object.fromEntries(Array.from({ length: QUERY_LIMITS.whereNodes }, (_, i) => [`data.a${i}`, i])),
    ['/where'],
  ],
  [
    'several faults, all told',
    { and: [{ ...leaf, op: 'is' }, leaf, { not: { ...leaf, value: 1 } }, 5] },
    ['/where/and/0/op', '/where/and/2/not/value', '/where/and/3'],
  ],
])('refuses %s', (_, where, pointers) => {
  expect(faults(where)).toEqual(pointers)
})

test('a tree of a hundred thousand levels is refused, not walked into', () => {
  expect(faults(nested(100_000))).toHaveLength(1)
})

describe('the short form is the long one', () => {
  const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
  const ordered = fc.oneof(fc.string(), fc.integer())
  const operators = fc.record(
    {
      eq: scalar,
      ne: scalar,
      in: fc.array(scalar, { minLength: 1, maxLength: 3 }),
      nin: fc.array(scalar, { minLength: 1, maxLength: 3 }),
      gt: ordered,
      lte: ordered,
      exists: fc.boolean(),
      like: fc.string({ maxLength: 5 }),
    },
    { requiredKeys: [] },
  )
  const path = fc.constantFrom('data.a', 'data.eq', '/data/a.b', '/data/in', 'metadata.x', 'data.__proto__', 'data')
  const fields = fc
    .uniqueArray(
      fc.tuple(
        path,
        fc.oneof(
          scalar,
          operators.filter(given => Object.keys(given).length > 0),
        ),
      ),
      {
        minLength: 1,
        maxLength: 4,
        selector: ([name]) => name,
      },
    )
    .map(entries => Object.fromEntries(entries))

  /** As a reader of QUERY.md would write it out. */
  const long = (short: Record<string, unknown>): unknown => {
    const leaves = Object.entries(short).flatMap(([field, given]) =>
      typeof given === 'object' && given !== null
        ? Object.entries(given).map(([op, value]) => ({ field, op, value }))
        : [{ field, op: 'eq', value: given }],
    )
    return leaves.length === 1 ? leaves[0] : { and: leaves }
  }
  const read = (where: unknown) => {
    const findings = new FieldFindings()
    const condition = readWhere(where, '/where', findings)
    findings.settle()
    return condition
  }

  test('whatever it compares, alone and in groups', () => {
    fc.assert(
      fc.property(fields, fields, (one, other) => {
        expect(read(one)).toEqual(read(long(one)))
        expect(read({ or: [one, { not: other }] })).toEqual(read({ or: [long(one), { not: long(other) }] }))
      }),
    )
  })

  test('also in how deep and how much it may be', () => {
    const two = { 'data.a': 1, 'data.b': 2 }
    const deep = (innermost: unknown, levels: number) => {
      let where = innermost
      for (let i = 1; i < levels; i++) where = { not: where }
      return where
    }
    for (const levels of [QUERY_LIMITS.whereDepth - 1, QUERY_LIMITS.whereDepth]) {
      expect(faults(deep(two, levels)).length).toBe(faults(deep(long(two), levels)).length)
    }
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`data.a${i}`, i]))
    for (const count of [QUERY_LIMITS.whereNodes - 1, QUERY_LIMITS.whereNodes]) {
      expect(faults(many(count)).length).toBe(faults(long(many(count))).length)
    }
  })
})
