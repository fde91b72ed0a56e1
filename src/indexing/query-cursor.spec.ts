// The cursor of a query: what the server writes is never longer than what it takes back.
import { assertCursorFits, writeQueryCursor } from './query-cursor.js'
import { QUERY_LIMITS } from './query-limits.js'

const far = Number.MAX_SAFE_INTEGER

test.each(['\u0001', '\ud800', '\uffff', '"', 'a'])('a key of %j has room in a cursor', char => {
  const key = [1, char.repeat(QUERY_LIMITS.sortKeyChars)] as const
  expect(writeQueryCursor({ head: far, position: far, key }, 'q').length).toBeLessThanOrEqual(QUERY_LIMITS.cursorChars)
})

test('limits under which a query would refuse its own cursor do not come into force', () => {
  expect(() => assertCursorFits(QUERY_LIMITS)).not.toThrow()
  expect(() => assertCursorFits({ ...QUERY_LIMITS, cursorChars: 2_048 })).toThrow('limits contradict each other')
  expect(() => assertCursorFits({ ...QUERY_LIMITS, sortKeyChars: 512 })).toThrow('limits contradict each other')
})
