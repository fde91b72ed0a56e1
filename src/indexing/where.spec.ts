// The grammar of `where`: what it takes, and every fault with its pointer.
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
])('takes %s', (_, where) => {
  expect(faults(where)).toEqual([])
})

test.each<[string, unknown, string[]]>([
  ['no object', 7, ['/where']],
  ['an empty object', {}, ['/where']],
  ['the short form', { type: 'TaskDone' }, ['/where']],
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
