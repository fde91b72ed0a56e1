// What the headers of a conditional request mean, and which of them mean nothing.
import { StoreError } from '../contract/errors.js'
import { asPrecondition, expectedByHeaders, streamState } from './preconditions.js'

test.each([
  [{}, undefined],
  [{ 'if-match': '"0"' }, 0],
  [{ 'if-match': ' "17" ' }, 17],
  [{ 'if-match': '"17-msgpack"' }, 17],
  [{ 'if-match': '"17-from-3"' }, 17],
  [{ 'if-match': '"17-from-3-cloudevents"' }, 17],
  [{ 'if-match': '*' }, 'exists'],
  [{ 'if-none-match': '*' }, 'none'],
] as const)('%j expects %s', (headers, expected) => {
  expect(expectedByHeaders(headers)).toBe(expected)
})

test.each([
  { 'if-match': '5' },
  { 'if-match': '' },
  { 'if-match': '"5", "6"' },
  { 'if-match': 'W/"5"' },
  { 'if-match': '"05"' },
  { 'if-match': '"5-"' },
  { 'if-match': '"5-from-0"' },
  { 'if-match': 'W/"5-msgpack"' },
  { 'if-match': '"-1"' },
  { 'if-match': '"9999999999999999"' },
  { 'if-none-match': '"5"' },
  { 'if-match': '*', 'if-none-match': '*' },
])('%j is refused', headers => {
  expect(() => expectedByHeaders(headers)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
})

test('the state of a stream is its revision, and what is left of it', () => {
  expect([streamState(4, 0), streamState(4, 3)]).toEqual(['4', '4-from-3'])
})

test('only a conflict of revisions is a failed precondition', () => {
  const violations = [{ kind: 'revision', stream: 's', expected: 1, actual: 2 }] as const
  expect(asPrecondition(new StoreError('REVISION_CONFLICT', 'no', { violations }))).toMatchObject({
    code: 'PRECONDITION_FAILED',
    violations,
  })
  expect(asPrecondition(new StoreError('CONDITION_FAILED', 'no')).code).toBe('CONDITION_FAILED')
})
