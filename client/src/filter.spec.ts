// A filter in a query and in a frame, and what is refused before it is sent.
import { expect, test } from '@jest/globals'
import { filterFrame, filterQuery, limitOf, readQuery } from './filter.js'

test('a read is said in the words of the query', () => {
  const query = readQuery({
    streams: ['a*', 'b'],
    types: 'T',
    tags: ['x', 'y'],
    agents: 'me',
    correlationId: ['c', 'd'],
    causationId: 'e',
    sessionId: 's',
    after: 3,
    before: 9,
    order: 'desc',
    since: new Date(0),
    until: '1970-01-01T00:00:01+01:00',
  })
  expect(query.toString()).toBe(
    'stream=a*&stream=b&type=T&tag=x&tag=y&agent=me&correlation=c&correlation=d&causation=e&session=s' +
      '&after=3&before=9&since=1970-01-01T00%3A00%3A00.000Z&until=1970-01-01T00%3A00%3A01%2B01%3A00&order=desc',
  )
})

test('a follow is said in the words of the frame', () => {
  expect(filterFrame({ streams: 'a*', tags: ['x'], correlationId: 'c', causationId: 'e' })).toEqual({
    streams: ['a*'],
    tags: ['x'],
    correlationId: 'c',
    causationId: 'e',
  })
  expect(filterFrame({ streams: undefined })).toBeUndefined()
})

test.each([{ streams: [] }, { types: [7] }, { tags: {} }])('%j is refused', filter => {
  expect(() => filterQuery(filter as never)).toThrow(TypeError)
  expect(() => filterFrame(filter as never)).toThrow(TypeError)
})

test('a follow has one correlation id', () => {
  expect(() => filterFrame({ correlationId: ['a'] as never })).toThrow(TypeError)
})

test.each([-1, 0.5, Number.NaN, '5'])('a limit of %p is refused', limit => {
  expect(() => limitOf(limit as number)).toThrow(TypeError)
})
