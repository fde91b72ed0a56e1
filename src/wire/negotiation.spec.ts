// The form of an answer: what Accept headers ask for, from the plain to the odd.
import type { StoreError } from '../contract/errors.js'
import { decodeMessagePack } from './message-pack.js'
import { encoded, entityTag, type Form, formOf, isUnchanged } from './negotiation.js'

const offered = ['json', 'msgpack', 'ndjson', 'sse'] as const

test.each<[string | undefined, Form]>([
  [undefined, 'json'],
  ['', 'json'],
  ['*/*', 'json'],
  ['application/json', 'json'],
  ['application/msgpack', 'msgpack'],
  ['application/x-msgpack', 'msgpack'],
  ['Application/VND.MsgPack', 'msgpack'],
  ['application/x-ndjson', 'ndjson'],
  ['text/event-stream', 'sse'],
  ['text/*', 'sse'],
  ['application/*', 'json'],
  ['text/html, application/xhtml+xml, */*;q=0.8', 'json'],
  ['application/json;q=0.5, application/msgpack', 'msgpack'],
  ['application/json;q=0.5, application/msgpack;q=0.4', 'json'],
  ['application/msgpack;q=0.9, */*', 'json'],
  ['application/json;q=0, */*;q=0.1', 'msgpack'],
  ['application/msgpack;charset=binary;q=0.7, application/json ; q=0.6', 'msgpack'],
  ['application/json; charset=utf-8', 'json'],
  ['application/msgpack;q=', 'msgpack'],
  ['application/msgpack;q=2, application/json;q=0.9', 'msgpack'],
  [';;;', 'json'],
  ['json', 'json'],
  [',,application/x-ndjson,', 'ndjson'],
  [`${'a'.repeat(2_000)}/b`, 'json'],
])('%j is answered as %s', (accept, form) => {
  expect(formOf(accept, offered)).toBe(form)
})

test.each(['text/html', 'application/json;q=0', 'image/*', 'application/xml, text/plain'])(
  '%s cannot be answered',
  accept => {
    const plain = ['json', 'msgpack'] as const
    try {
      formOf(accept, plain)
      throw new Error('it was answered')
    } catch (error) {
      expect((error as StoreError).code).toBe('NOT_ACCEPTABLE')
      expect((error as Error).message).toContain('application/json, application/msgpack')
    }
  },
)

test('what is offered alone is the answer to no wish', () => {
  expect(formOf('*/*', ['msgpack'])).toBe('msgpack')
  expect(() => formOf('application/json', ['ndjson'])).toThrow()
})

test('a value says the same in either form', () => {
  const value = { a: [1, 'ü', null], __proto__: null, gone: undefined }
  expect(JSON.parse(encoded(value, 'json') as string)).toEqual({ a: [1, 'ü', null] })
  expect(decodeMessagePack(encoded(value, 'msgpack') as Buffer)).toEqual({ a: [1, 'ü', null] })
})

test.each([
  [undefined, false],
  ['"4"', true],
  ['W/"4"', true],
  ['"3", "4"', true],
  ['*', true],
  ['"3"', false],
  ['4', false],
  ['"4-msgpack"', false],
])('a reader who has %s', (noneMatch, unchanged) => {
  expect(isUnchanged(noneMatch, entityTag(4, 'json'))).toBe(unchanged)
})

test('each form of an answer has a tag of its own', () => {
  const tags = (['json', 'msgpack', 'cloudevents'] as const).map(form => entityTag(4, form))
  expect(tags).toEqual(['"4"', '"4-msgpack"', '"4-cloudevents"'])
})
