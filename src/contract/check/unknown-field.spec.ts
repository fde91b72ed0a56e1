// Which field a sender may have meant by a name that does not exist, and which names are no slip of a known one.
import { expect, test } from '@jest/globals'
import { unknownField } from './unknown-field.js'

const KNOWN = ['type', 'stream', 'data', 'metadata', 'tags', 'schemaVersion', 'correlationId', 'op', 'by']
const saidOf = (name: string) => unknownField(name, KNOWN)

test.each([
  ['streams', 'stream'],
  ['sream', 'stream'],
  ['Stream', 'stream'],
  ['steram', 'stream'],
  ['tag', 'tags'],
  ['date', 'data'],
  ['meta-data', 'metadata'],
  ['schema_version', 'schemaVersion'],
  ['correlationID', 'correlationId'],
  ['corelation_id', 'correlationId'],
])('%s is a slip of %s', (name, meant) => {
  expect(saidOf(name)).toBe(`is not a field that exists here: did you mean ${meant}?`)
})

test.each(['', 'o', 'opp', 'payload', 'body', 'streamName', 'constructor', '__proto__', 'x'.repeat(1_000_000)])(
  '%.20s is no slip of any',
  name => {
    expect(saidOf(name)).toBe('is not a field that exists here')
  },
)

test('the closest is named, whatever stands before it', () => {
  expect(unknownField('agents', ['agency', 'agent'])).toMatch(/mean agent\?$/)
  expect(unknownField('agents', ['agent', 'agency'])).toMatch(/mean agent\?$/)
  expect(unknownField('agents', [])).toBe('is not a field that exists here')
})
