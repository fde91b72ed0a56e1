// Appends in JSON: whatever comes, they are read as JSON.parse and the writer of payloads would, and refused as any other body.
import fc from 'fast-check'
import { arbitraryJson } from '../../../test/support/arbitrary-json.js'
import type { StoreError } from '../../contract/errors.js'
import { Packed } from '../../contract/event.js'
import { LIMITS } from '../../contract/limits.js'
import { setOwn } from '../../contract/own-key.js'
import { PackWriter } from '../../record/codec/writer.js'
import { parseJsonBody } from '../json-body.js'
import { parseJsonAppend } from './json-append.js'

type Map = Record<string, unknown>

const writer = new PackWriter()

function isMap(value: unknown): value is Map {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What the store keeps of a payload. One that it refuses is not packed. */
function packed(payload: Map): unknown {
  writer.at = writer.keys = 0
  try {
    writer.object(payload)
  } catch {
    return payload
  }
  return { packed: writer.since(0).toString('hex'), keys: writer.keys }
}

function event(fields: unknown): unknown {
  if (!isMap(fields)) return fields
  const copy: Map = {}
  for (const name of Object.keys(fields)) {
    const value = fields[name]
    setOwn(copy, name, (name === 'data' || name === 'metadata') && isMap(value) ? packed(value) : value)
  }
  return copy
}

/** The two steps that the one pass replaces. */
function inTwoSteps(bytes: Buffer): unknown {
  const request = event(parseJsonBody(bytes))
  if (isMap(request) && Array.isArray(request['events'])) request['events'] = request['events'].map(event)
  return request
}

/** `parseJsonAppend`, and how many payloads it has packed. */
function inOnePass(bytes: Buffer): { request: unknown; payloads: number } {
  let payloads = 0
  const shown = (value: unknown): unknown => {
    if (value instanceof Packed) {
      payloads++
      return { packed: Buffer.from(value.bytes).toString('hex'), keys: value.keys }
    }
    if (Array.isArray(value)) return value.map(shown)
    if (!isMap(value)) return value
    const copy: Map = {}
    for (const name of Object.keys(value)) setOwn(copy, name, shown(value[name]))
    return copy
  }
  const request = shown(parseJsonAppend(bytes))
  return { request, payloads }
}

/** What comes of it, spelled: no two outcomes that differ in a key's place, a sign of zero or a word look alike. */
function outcome(of: () => unknown): string {
  try {
    return JSON.stringify(of(), (_, value) => (Object.is(value, -0) ? '-0' : value))
  } catch (error) {
    const { code, message, errors } = error as StoreError
    return JSON.stringify({ code, message, errors })
  }
}

/** Answers how many payloads were packed in the one pass: 0 where the body was left to the two steps. */
function agree(body: string | Buffer): number {
  const bytes = Buffer.from(body as string)
  let payloads = 0
  const found = outcome(() => {
    const read = inOnePass(bytes)
    payloads = read.payloads
    return read.request
  })
  expect(found).toBe(outcome(() => (payloads === 0 ? parseJsonBody(bytes) : inTwoSteps(bytes))))
  return payloads
}

const inBatch = (data: string) => `{"events":[{"type":"a","stream":"s","data":${data}}]}`
const nested = (depth: number) => `${'{"a":['.repeat(depth / 2)}${depth % 2 === 0 ? '' : '{}'}${']}'.repeat(depth / 2)}`
const keysOf = (count: number) => `{${Array.from({ length: count }, (_, i) => `"k${i}":${i}`).join()}}`

/** JSON as others write it: blanks wherever they may stand, and characters as escapes. */
function respelled(text: string, blanks: string, isEscaped: boolean): string {
  const spaced = text.replace(/"(?:[^"\\]|\\.)*"|[[\]{},:]/g, part => (part[0] === '"' ? part : blanks + part + blanks))
  if (!isEscaped) return spaced
  return spaced.replace(/[^ -~\n\t\r]/g, letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

test('any payload is what JSON.parse and the writer make of it, however it is spelled', () => {
  const blanks = fc.constantFrom('', ' ', '\n\t\r ')
  fc.assert(
    fc.property(arbitraryJson, arbitraryJson, blanks, fc.boolean(), (data, metadata, blank, isEscaped) => {
      const text = JSON.stringify({ events: [{ stream: 's', data, metadata }, { data }], data })
      agree(respelled(text, blank, isEscaped))
    }),
    { numRuns: 500 },
  )
})

test('what agents send takes the one pass', () => {
  const data = {
    text: 'line one\nline "two" \\ \u00e4\u20ac\ud83d\ude00 '.repeat(20),
    path: 'a/b',
    none: null,
    yes: true,
    no: false,
    numbers: [0, 7, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32, -1, -32, -33, -129, -32_769, 1_700_000_000_123_456],
    decimals: [0.1, -0.5, 0, -0, 1.5e300, 1e21, 5e-324, 123456.789, 100],
    many: Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`key ${i}`, i])),
    list: Array.from({ length: 70_000 }, (_, i) => i % 10),
    byIndex: { 0: 'a', 3: 'b', 10: 'c' },
    __proto: {},
    ['x'.repeat(40)]: 'y'.repeat(70_000),
  }
  const event = { type: 'a', stream: 's/1', data, metadata: { by: 'x' }, tags: ['a', 'b\u00e4'], schemaVersion: 2 }
  const rest = { expectations: [{ stream: 's/1', expectedRevision: -1 }], condition: { after: 0 } }
  for (const blank of ['', ' \n']) {
    expect(agree(respelled(JSON.stringify(event), blank, false))).toBe(2)
    expect(agree(respelled(JSON.stringify({ events: [event, event], ...rest }), blank, false))).toBe(4)
  }
  expect(agree(respelled(inBatch(JSON.stringify(data)), '', true))).toBe(1)
  expect(
    agree(inBatch('{"a":"\\u0041\\u00e4\\u20AC\\ud83d\\uDE00\\/\\b\\f\\n\\r\\t\\"\\\\","__proto__":{"a":1}}')),
  ).toBe(1)
})

test.each<[string, string]>([
  ['a key that stands twice', '{"a":1,"a":2}'],
  ['one that is spelled in two ways', '{"a":1,"\\u0061":2}'],
  ['__proto__ twice', '{"__proto__":1,"__proto__":2}'],
  ['half a surrogate pair', '{"a":"\\ud800"}'],
  ['the other half', '{"a":"\\udc00"}'],
  ['both in the wrong order', '{"a":"\\udc00\\ud800"}'],
  ['half a pair before another escape', '{"a":"\\ud83d\\n"}'],
  ['half a pair before another character', '{"a":"\\ud83d\\u0041"}'],
  ['half a pair in a key', '{"\\ud800":1}'],
  ['more than a double holds', '{"a":1e400}'],
  ['less than a double holds', '{"a":-1e400}'],
  ['2^53', '{"a":9007199254740992}'],
  ['2^53 + 1', '{"a":9007199254740993}'],
  ['2^53 - 1', '{"a":9007199254740991}'],
  ['-(2^53 + 1)', '{"a":-9007199254740993}'],
  ['2^64', '{"a":18446744073709551616}'],
  ['2^64 - 1', '{"a":18446744073709551615}'],
  ['four hundred digits', `{"a":${'9'.repeat(400)}}`],
  ['a decimal of four hundred digits', `{"a":${'9'.repeat(400)}.5}`],
  ['a leading zero', '{"a":01}'],
  ['a zero with a sign', '{"a":[-0,-0.0,0e5,-0e-5,0.0]}'],
  ['numbers that end early', '{"a":[1.]}'],
  ['an exponent of nothing', '{"a":[1e+]}'],
  ['a plus', '{"a":[+1]}'],
  ['a bare sign', '{"a":[-]}'],
  ['a trailing comma', '{"a":[1,]}'],
  ['a trailing comma behind a field', '{"a":1,}'],
  ['words that are none', '{"a":[nul,tru,falsy]}'],
  ['words in capitals', '{"a":True}'],
  ['a control character', '{"a":"\u0001"}'],
  ['an escape that is none', '{"a":"\\x41"}'],
  ['digits that are none', '{"a":"\\u00g1"}'],
  ['the wrong bracket', '{"a":[1}}'],
  ['no colon', '{"a" 1}'],
  ['indexes in another order', '{"2":1,"1":2}'],
  ['an index behind a key', '{"a":1,"1":2}'],
  ['an index that is none', '{"a":1,"01":2,"4294967295":3,"1a":4,"99999999999":5}'],
  ['the greatest index', '{"a":1,"4294967294":2}'],
  ['64 levels', nested(64)],
  ['65 levels', nested(65)],
  ['66 levels', nested(66)],
  ['65 keys', keysOf(65)],
  ['more keys than an event may have', keysOf(LIMITS.eventKeys + 1)],
  ['a list', '[1]'],
  ['a text', '"a"'],
  ['a number', '0.5'],
  ['nothing', 'null'],
])('it makes no difference to data: %s', (_, data) => {
  agree(inBatch(data))
  agree(`{"data":${data}}`)
  agree(`{"metadata":${data},"data":{"a":1}}`)
  agree(`{"events":[{"data":{"a":1}},{"other":${data}}]}`)
})

test.each<[string, string | Buffer]>([
  ['nothing', ''],
  ['blanks', ' \n'],
  ['a byte order mark', `\ufeff${inBatch('{}')}`],
  ['no UTF-8', Buffer.concat([Buffer.from('{"data":{"a":"'), Buffer.of(0xff), Buffer.from('"}}')])],
  [
    'half a pair in bytes',
    Buffer.concat([Buffer.from('{"data":{"a":"'), Buffer.of(0xed, 0xa0, 0x80), Buffer.from('"}}')]),
  ],
  ['a list', '[{"data":{}}]'],
  ['a word', 'null'],
  ['two requests', '{"data":{}}{"data":{}}'],
  ['something behind it', '{"data":{}} x'],
  ['a field twice', '{"data":{},"data":{}}'],
  ['an event with a field twice', '{"events":[{"data":{},"data":{}}]}'],
  ['a field spelled in another way', '{"d\\u0061ta":{}}'],
  ['__proto__ beside the rest', '{"__proto__":{"data":{}},"data":{},"constructor":1}'],
  ['indexes beside the rest', '{"data":{"a":1},"1":1,"0":2}'],
  ['events within events', '{"events":[{"events":[{"data":{}}],"data":{"a":1}}]}'],
  ['lists of lists', '{"events":[[{"data":{"a":1}}]]}'],
  ['events that are no list', '{"events":{"data":{"a":1}}}'],
  ['names that are not ASCII', '{"stream":"\u00e4","tags":["\u20ac"],"data":{"a":1}}'],
  ['many levels beside the data', `{"condition":${nested(66)},"data":{"a":1}}`],
  ['too many levels beside the data', `{"condition":${nested(67)},"data":{"a":1}}`],
  ['metadata that is too large', `{"metadata":{"a":"${'x'.repeat(LIMITS.metadataBytes)}"},"data":{}}`],
  ['data that is too large', inBatch(`{"a":"${'x'.repeat(LIMITS.eventBytes)}"}`)],
  [
    'more keys than a body may have',
    `{"events":[${Array(6)
      .fill(`{"data":[${keysOf(9_000)}]}`)
      .join()}]}`,
  ],
  [
    'more keys in payloads than a body may have',
    `{"events":[${Array(900)
      .fill(`{"data":${keysOf(60)}}`)
      .join()}]}`,
  ],
])('it makes no difference to a request: %s', (_, body) => {
  agree(body)
})

const SAMPLE =
  '{"events":[{"type":"a","data":{"k":[1,-2.5e1,true,null,"x\\n\\u00e4 long enough"],"l":{}},"tags":["t"]}]}'

test('a request that is cut after any byte is refused alike', () => {
  expect(agree(SAMPLE)).toBe(1)
  const bytes = Buffer.from(SAMPLE.replace('long', 'l\u00f6ng'))
  for (let to = 0; to < bytes.length; to++) expect(agree(bytes.subarray(0, to))).toBe(0)
})

test('a request whose bytes are changed, one by one to others, is read or refused alike', () => {
  const bytes = Buffer.from(SAMPLE)
  const others = [...Buffer.from('{}[],:"\\ \n/-+.eE019ntflu_'), 0, 0x1f, 0x7f, 0x80, 0xc3, 0xff]
  for (let at = 0; at < bytes.length; at++) {
    const before = bytes[at] as number
    for (const byte of others) {
      bytes[at] = byte
      agree(bytes)
    }
    bytes[at] = before
  }
})

test('a number is the double that JSON.parse reads, whatever its form', () => {
  const number = fc.stringMatching(/^-?(0|[1-9]\d{0,20})(\.\d{1,24})?([eE][+-]?\d{1,3})?$/)
  fc.assert(
    fc.property(fc.array(number, { minLength: 1, maxLength: 5 }), numbers => void agree(inBatch(`{"a":[${numbers}]}`))),
    { numRuns: 1_000 },
  )
})

test('payloads that were read stay as they are when more is read', () => {
  const first = parseJsonAppend(Buffer.from(inBatch('{"a":"first"}'))) as { events: [{ data: Packed }] }
  const kept = Buffer.from(first.events[0].data.bytes).toString('hex')
  for (let i = 0; i < 100; i++) parseJsonAppend(Buffer.from(inBatch(`{"b":"other ${i}","c":[0.1,0.2]}`)))
  expect(Buffer.from(first.events[0].data.bytes).toString('hex')).toBe(kept)
})

test('numbers that take more room than their text find it', () => {
  expect(
    agree(inBatch(`{"a":[${Array(5_000).fill('0.1').join()}],"b":[${Array(5_000).fill('[]').join()}],"c":"end"}`)),
  ).toBe(1)
})
