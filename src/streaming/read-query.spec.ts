// Parameters become a read, pages go on where they stopped, and findings name parameters.
import { inQuery, nextLink, type ReadQuery, readPlan, streamLink } from './read-query.js'

const plan = (query: ReadQuery, head = 100) => readPlan(query, undefined, head)

test('every parameter has its place', () => {
  const query: ReadQuery = {
    stream: ['s*'],
    type: ['t'],
    tag: ['a', 'b'],
    agent: ['x'],
    correlation: ['c'],
    causation: ['d'],
    session: ['e'],
    after: 3,
    before: 9,
    since: '2026-01-01T00:00:00Z',
    until: '2027-01-01T00:00:00Z',
  }
  expect(readPlan(query, ['public_*'], 100).request).toEqual({
    filter: {
      streams: ['s*'],
      types: ['t'],
      tags: ['a', 'b'],
      agents: ['x'],
      correlationId: ['c'],
      causationId: ['d'],
      sessionId: ['e'],
      within: ['public_*'],
    },
    after: 3,
    before: 9,
    since: '2026-01-01T00:00:00Z',
    until: '2027-01-01T00:00:00Z',
    order: 'asc',
  })
})

test.each<[string, ReadQuery, number, object]>([
  ['up, while the head has moved', { order: 'asc' }, 120, { after: 40, before: 101 }],
  ['up, while it has not', {}, 100, { after: 40 }],
  ['up, within bounds', { after: 10, before: 60 }, 120, { after: 40, before: 60 }],
  ['down', { order: 'desc' }, 120, { before: 40 }],
  ['down, within bounds', { order: 'desc', after: 10, before: 60 }, 120, { after: 10, before: 40 }],
])('a cursor goes on %s', (_, query, head, bounds) => {
  const cursor = plan(query).cursorAfter(40)
  const { request, head: asOf } = plan({ ...query, cursor }, head)
  expect(request).toEqual({ filter: {}, order: query.order ?? 'asc', ...bounds })
  expect(asOf).toBe(100)
})

test('a cursor knows its order and does not mind the order of parameters', () => {
  const cursor = plan({ order: 'desc', tag: ['a', 'b'] }).cursorAfter(40)
  expect(plan({ tag: ['b', 'a'], cursor }).order).toBe('desc')
  expect(() => plan({ tag: ['a', 'b'], cursor, order: 'asc' })).toThrow('is not the order of the cursor')
})

test.each<[string, ReadQuery]>([
  ['another stream', { stream: ['b'] }],
  ['no stream', {}],
  ['one more', { stream: ['a'], type: ['t'] }],
  ['another bound', { stream: ['a'], after: 1 }],
  ['another time', { stream: ['a'], until: '2027-01-01T00:00:00Z' }],
])('a cursor with %s contradicts itself', (_, query) => {
  const cursor = plan({ stream: ['a'] }).cursorAfter(40)
  expect(() => plan({ ...query, cursor })).toThrow('repeat those of the first page')
})

test.each([
  ['/filter/streams/0', '/stream/0'],
  ['/filter/correlationId', '/correlation'],
  ['/since', '/since'],
  ['', ''],
])('%s is found at %s', (pointer, parameter) => {
  expect(inQuery(pointer)).toBe(parameter)
})

test('the link is the same address with the next page in it', () => {
  expect(nextLink('/v1/events', 'AB')).toBe('</v1/events?cursor=AB>; rel="next"')
  expect(nextLink('/v1/events?stream=a%2Fb&cursor=X&limit=2', 'AB')).toBe(
    '</v1/events?stream=a%2Fb&cursor=AB&limit=2>; rel="next"',
  )
  expect(streamLink('/v1/streams/a/events?from=0', 7)).toBe('</v1/streams/a/events?from=7>; rel="next"')
})
