// What became of an append that was tried several times, and what its id says of its time.
import { expect, test } from '@jest/globals'
import { Fate, newKey, timestampOf } from './appends.js'
import { type ErrorFacts, errorOf, NetworkError } from './errors.js'

const refused = (code: string, facts: ErrorFacts = {}) => errorOf(code, code, facts)
const lost = new NetworkError('cut off')
const neverSent = new NetworkError('refused', { outcome: 'rejected' })

test.each([
  ['refused', [refused('FORBIDDEN')], 'rejected'],
  ['held up again and again', [refused('OVERLOADED'), refused('RATE_LIMITED')], 'rejected'],
  ['not sent', [neverSent, neverSent], 'rejected'],
  ['cut off', [lost], 'indeterminate'],
  ['cut off, then held up', [lost, refused('OVERLOADED')], 'indeterminate'],
  ['cut off, then without a token', [lost, refused('UNAUTHENTICATED')], 'indeterminate'],
  ['cut off, then not sent', [lost, neverSent], 'indeterminate'],
  ['cut off, then in conflict: the key was not there', [lost, refused('REVISION_CONFLICT')], 'rejected'],
  ['cut off, then invalid: it was so before', [lost, refused('INVALID_EVENT')], 'rejected'],
  ['undecided', [refused('INDETERMINATE')], 'indeterminate'],
  ['undecided, as the server says', [refused('STRANGE', { outcome: 'indeterminate' })], 'indeterminate'],
  ['met by a defect', [refused('INTERNAL')], 'indeterminate'],
  ['answered by a gateway', [refused('BAD_ANSWER', { status: 502 })], 'indeterminate'],
  ['answered by a gateway that passed nothing on', [refused('BAD_ANSWER', { status: 404 })], 'rejected'],
  ['stored, and answered with nonsense', [refused('BAD_ANSWER', { status: 201 })], 'indeterminate'],
] as const)('%s', (_, failures, outcome) => {
  const fate = new Fate('k')
  for (const failure of failures) fate.failed(failure)
  const last = failures.at(-1) as NetworkError
  expect(fate.told(last)).toMatchObject({ code: last.code, name: last.name, stack: last.stack, key: 'k', outcome })
})

test('keys differ', () => {
  const keys = new Set(Array.from({ length: 1_000 }, newKey))
  expect([keys.size, /^[0-9a-f]{32}$/.test(newKey())]).toEqual([1_000, true])
})

test('an id begins with its time', () => {
  expect(timestampOf('1790000000123456789_0_node-1')).toBe('2026-09-21T14:13:20.123456789Z')
})
