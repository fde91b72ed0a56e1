// What conditions mean: told in tables, and held against a model that knows no compiling.
import fc from 'fast-check'
import { FieldFindings } from '../contract/check/field-findings.js'
import type { JsonObject, RecordedEvent } from '../contract/event.js'
import { filterMatches } from '../contract/filter.js'
import { parseTime } from '../contract/rfc3339.js'
import { planQuery } from './plan-query.js'
import { predicateOf } from './predicate.js'
import { readWhere, type WhereCondition } from './where.js'

function conditionOf(where: unknown): WhereCondition {
  const findings = new FieldFindings()
  const condition = readWhere(where, '/where', findings)
  findings.settle()
  return condition
}

function eventOf(data: JsonObject, rest: Partial<RecordedEvent> = {}): RecordedEvent {
  return {
    id: '1767225600000000000_0_node',
    position: 7,
    stream: 'agent_7',
    revision: 2,
    type: 'TaskDone',
    timestamp: '2026-01-01T00:00:00.000000000Z',
    agentId: '7',
    schemaVersion: 1,
    tags: ['red', 'round'],
    checksum: '',
    data,
    packedData: () => new Uint8Array(),
    packedMetadata: () => undefined,
    packedBytes: () => 0,
    ...rest,
  }
}

const event = eventOf(
  JSON.parse(
    '{"score":0.5,"name":"Ann","done":false,"none":null,"a.b":1,"":2,"list":[1,"x",[9]],"deep":{"k":[{"v":3}]},"__proto__":{"x":1},"constructor":"c"}',
  ),
  { occurredAt: '2026-01-01T01:00:00+01:00' },
)

test.each<[string, string, unknown, boolean]>([
  ['data.score', 'eq', 0.5, true],
  ['data.score', 'eq', '0.5', false],
  ['data.score', 'ne', '0.5', true],
  ['data.score', 'gt', 0.4, true],
  ['data.score', 'gt', '0', false],
  ['data.score', 'lte', 0.5, true],
  ['data.name', 'lt', 'B', true],
  ['data.name', 'like', 'A*n', true],
  ['data.name', 'like', 'a*', false],
  ['data.score', 'like', '*', false],
  ['data.done', 'eq', false, true],
  ['data.none', 'eq', null, true],
  ['data.none', 'exists', true, true],
  ['data.gone', 'exists', true, false],
  ['data.gone', 'exists', false, true],
  ['data.gone', 'eq', null, false],
  ['data.gone', 'ne', 1, true],
  ['data.gone', 'nin', [1], true],
  ['data.gone', 'lt', 1, false],
  ['/data/a.b', 'eq', 1, true],
  ['data.a.b', 'exists', true, false],
  ['/data/', 'eq', 2, true],
  ['data.list', 'eq', 'x', true],
  ['data.list', 'ne', 'x', false],
  ['data.list', 'in', [5, 1], true],
  ['data.list', 'eq', 9, false],
  ['data.list.1', 'eq', 'x', true],
  ['data.list.01', 'exists', true, false],
  ['data.list.length', 'exists', true, false],
  ['data.deep.k.0.v', 'eq', 3, true],
  ['data.deep', 'eq', 'x', false],
  ['data.__proto__.x', 'eq', 1, true],
  ['data.constructor', 'eq', 'c', true],
  ['data.toString', 'exists', true, false],
  ['data.name.length', 'exists', true, false],
  ['metadata.x', 'exists', true, false],
  ['tags', 'eq', 'red', true],
  ['tags', 'nin', ['red'], false],
  ['tags', 'like', 'ro*', true],
  ['sessionId', 'ne', 's', true],
  ['timestamp', 'eq', '2026-01-01T02:00:00+02:00', true],
  ['timestamp', 'lt', '2026-01-01T00:00:00.000000001Z', true],
  ['occurredAt', 'eq', '2026-01-01T00:00:00Z', true],
  ['id', 'gt', '999999999999999999_0_node', true],
  ['id', 'lte', '1767225600000000000_0_node', true],
  ['position', 'in', [6, 7], true],
  ['stream', 'like', '*', true],
])('%s %s %j is %s', (field, op, value, expected) => {
  expect(predicateOf(conditionOf({ field, op, value }))(event)).toBe(expected)
})

test('a star does not reach the streams of the service', () => {
  const like = (value: string) => predicateOf(conditionOf({ field: 'stream', op: 'like', value }))
  const own = eventOf({}, { stream: '$keys' })
  expect([like('*')(own), like('$*')(own)]).toEqual([false, true])
})

const scalar = fc.constantFrom<unknown>(0, 1, 2, '0', '1', 'a', 'ab', true, false, null)
const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }))
const data = fc.dictionary(fc.constantFrom('a', 'b'), value)
const kinds = fc.oneof(
  fc.record({ field: fc.constantFrom('data.a', 'data.b'), op: fc.constantFrom('eq', 'ne'), value: scalar }),
  fc.record({
    field: fc.constantFrom('data.a', 'data.b'),
    op: fc.constantFrom('gt', 'gte', 'lt', 'lte'),
    value: fc.constantFrom<unknown>(1, 'a'),
  }),
  fc.record({
    field: fc.constantFrom('data.a', 'data.b'),
    op: fc.constantFrom('in', 'nin'),
    value: fc.array(scalar, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    field: fc.constantFrom('stream', 'type', 'agentId', 'tags'),
    op: fc.constantFrom('eq', 'ne'),
    value: fc.constantFrom('a', 'ab', 'b'),
  }),
  fc.record({
    field: fc.constantFrom('stream', 'type', 'agentId', 'tags'),
    op: fc.constantFrom('in', 'nin'),
    value: fc.array(fc.constantFrom('a', 'ab', 'b'), { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    field: fc.constantFrom('stream', 'type'),
    op: fc.constant('like'),
    value: fc.constantFrom('a*', '*b', '*'),
  }),
  fc.record({
    field: fc.constant('position'),
    op: fc.constantFrom('eq', 'ne', 'gt', 'gte', 'lt', 'lte'),
    value: fc.constantFrom(-1, 0, 2, 2.5, 3, 9),
  }),
  fc.record({
    field: fc.constant('timestamp'),
    op: fc.constantFrom('eq', 'gt', 'gte', 'lt', 'lte'),
    value: fc.constantFrom('2026-01-01T00:00:02Z', '1960-01-01T00:00:00Z', '2999-01-01T00:00:00Z'),
  }),
)
const tree = fc.letrec<{ node: unknown }>(tie => ({
  node: fc.oneof(
    { maxDepth: 4 },
    kinds,
    fc.record({ not: tie('node') }),
    fc.record({ and: fc.array(tie('node'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ or: fc.array(tie('node'), { minLength: 1, maxLength: 3 }) }),
  ),
})).node
const name = fc.constantFrom('a', 'ab', 'b')
const events = fc.record({
  data,
  stream: name,
  type: name,
  agentId: name,
  tags: fc.array(name, { maxLength: 2 }),
  position: fc.integer({ min: 1, max: 4 }),
})

interface Tree {
  readonly and?: readonly Tree[]
  readonly or?: readonly Tree[]
  readonly not?: Tree
  readonly field: string
  readonly op: string
  readonly value: unknown
}

function model(where: Tree, of: RecordedEvent): boolean {
  if (where.and) return where.and.every(part => model(part, of))
  if (where.or) return where.or.some(part => model(part, of))
  if (where.not) return !model(where.not, of)
  const [field = '', key] = where.field.split('.')
  const top = of[field as keyof RecordedEvent] as unknown
  const found = key === undefined ? top : (top as Record<string, unknown>)[key]
  const items: unknown[] = Array.isArray(found) ? found : found === undefined ? [] : [found]
  const negated = where.op === 'ne' || where.op === 'nin'
  return items.some(item => modelItem(item, where, field === 'timestamp')) !== negated
}

function modelItem(item: unknown, { op, value: wanted }: Tree, isTime: boolean): boolean {
  const [a, b] = (isTime ? [parseTime(item as string), parseTime(wanted as string)] : [item, wanted]) as [
    number,
    number,
  ]
  const like = (pattern: string) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(String(item))
  if (op === 'like') return like(wanted as string)
  if (op === 'in' || op === 'nin') return (wanted as unknown[]).includes(item)
  if (op === 'eq' || op === 'ne') return a === b
  if (typeof a !== typeof b) return false
  return op === 'gt' ? a > b : op === 'gte' ? a >= b : op === 'lt' ? a < b : a <= b
}

test('the compiled conditions agree with the model, and the plan never leaves out a match', () => {
  fc.assert(
    fc.property(tree, events, (where, fields) => {
      const timestamp = `2026-01-01T00:00:0${fields.position}.000000000Z`
      const one = eventOf(fields.data as JsonObject, { ...(fields as Partial<RecordedEvent>), timestamp })
      const condition = conditionOf(where)
      const expected = model(where as Tree, one)
      expect(predicateOf(condition)(one)).toBe(expected)
      if (!expected) return
      const { filter, after, before, since, until } = planQuery(condition, undefined)
      const instant = parseTime(timestamp)
      expect(filterMatches(filter, one)).toBe(true)
      expect(one.position > after && one.position < before).toBe(true)
      expect((since ?? 0n) <= instant && (until ?? instant + 1n) > instant).toBe(true)
    }),
    { numRuns: 3_000 },
  )
})
