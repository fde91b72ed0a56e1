// Which part of a query goes to which index.
import { FieldFindings } from '../contract/check/field-findings.js'
import { planQuery } from './plan-query.js'
import { readWhere } from './where.js'

const is = (field: string, value: unknown, op = 'eq') => ({ field, op, value })
const plan = (where: unknown, within?: readonly string[]) =>
  planQuery(readWhere(where, '', new FieldFindings()), within)

test.each<[string, unknown, string, object]>([
  ['a stream', is('stream', 'a'), 'stream', { streams: ['a'] }],
  ['a glob', is('type', 'Task*', 'like'), 'type', { types: ['Task*'] }],
  ['a list', is('agentId', ['a', 'b'], 'in'), 'agent', { agents: ['a', 'b'] }],
  [
    'references',
    { and: [is('correlationId', 'c'), is('causationId', 'd'), is('sessionId', 's')] },
    'correlation+causation+session',
    { correlationId: ['c'], causationId: ['d'], sessionId: ['s'] },
  ],
  [
    'all the tags',
    { and: [is('tags', 'x'), { and: [is('tags', 'y'), is('type', 'T')] }] },
    'type+tag',
    { types: ['T'], tags: ['x', 'y'] },
  ],
  ['a choice of one field', { or: [is('type', 'A'), is('type', ['B', 'A'], 'in')] }, 'type', { types: ['A', 'B'] }],
  ['the shorter of two lists', { and: [is('type', ['A', 'B'], 'in'), is('type', 'A')] }, 'type', { types: ['A'] }],
  ['no choice between fields', { or: [is('type', 'A'), is('stream', 'b')] }, 'none: full scan', {}],
  ['no choice between tags', is('tags', ['x', 'y'], 'in'), 'none: full scan', {}],
  ['nothing negated', { not: is('type', 'A') }, 'none: full scan', {}],
  ['nothing that differs', is('type', 'A', 'ne'), 'none: full scan', {}],
  ['no payload', is('data.type', 'A'), 'none: full scan', {}],
  ['a name with a star is no pattern', is('stream', ['a*', 'b'], 'in'), 'none: full scan', {}],
  ['no name that the store refuses', is('type', 'not a type'), 'none: full scan', {}],
])('%s', (_, where, index, filter) => {
  expect(plan(where)).toMatchObject({ index, filter })
  expect(Object.keys(plan(where).filter).sort()).toEqual(Object.keys(filter).sort())
})

test('positions and times become ranges', () => {
  const where = {
    and: [is('position', 10, 'gt'), is('position', 20.5, 'lt'), is('timestamp', '1970-01-01T00:00:01Z', 'gte')],
  }
  expect(plan(where)).toMatchObject({
    after: 10,
    before: 21,
    since: 1_000_000_000n,
    index: 'position range+time range',
  })
  expect(plan(is('id', '5_0_n'))).toMatchObject({ since: 5n, until: 6n })
  expect(plan(is('position', [3, 9], 'in'))).toMatchObject({ after: 2, before: 10 })
})

test('what the caller may see is part of every filter', () => {
  expect(plan(is('data.a', 1), ['own_*']).filter).toEqual({ within: ['own_*'] })
})
