// MessagePack both ways: plain values survive, payloads stay bytes, and hostile bytes are refused.
import fc from 'fast-check'
import { arbitraryJson } from '../../test/support/arbitrary-json.js'
import type { StoreError } from '../contract/errors.js'
import { Packed } from '../contract/event.js'
import { LIMITS } from '../contract/limits.js'
import { unpack } from '../record/codec/reader.js'
import { encodeMessagePack } from '../record/codec/writer.js'
import { decodeAppend, decodeMessagePack, PACKED_VALUES_MAX } from './message-pack.js'

function refusal(bytes: Buffer, decode = decodeMessagePack): StoreError {
  try {
    decode(bytes)
  } catch (error) {
    return error as StoreError
  }
  throw new Error('the bytes were taken')
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

describe('plain values', () => {
  test('come back as they were, whatever their keys', () => {
    fc.assert(
      fc.property(arbitraryJson, value => {
        // A half of a surrogate pair has no UTF-8.
        fc.pre(JSON.stringify(value).isWellFormed() && !/\\ud[89a-f]/i.test(JSON.stringify(value)))
        const back = decodeMessagePack(encodeMessagePack(value))
        expect(back).toEqual(value)
        expect(JSON.stringify(back)).toBe(JSON.stringify(value))
        expect(unpack(encodeMessagePack(value))).toEqual(value)
      }),
    )
  })

  test.each([
    0,
    -0,
    127,
    128,
    255,
    256,
    65_535,
    65_536,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53,
    2 ** 63,
    -1,
    -32,
    -33,
    -128,
    -129,
    -32_768,
    -32_769,
    -(2 ** 31),
    -(2 ** 31) - 1,
    -(2 ** 53),
    0.1,
    1e308,
    null,
    true,
    false,
    '',
    'ü',
  ])('%p', value => {
    expect(decodeMessagePack(encodeMessagePack(value))).toBe(value)
  })

  test.each([15, 16, 31, 32, 255, 256, 65_535, 65_536])('of every length: %i', length => {
    for (const value of ['x'.repeat(length), 'ü'.repeat(length), Array(length).fill(1)]) {
      expect(decodeMessagePack(encodeMessagePack(value))).toEqual(value)
    }
    const map = Object.fromEntries(Array.from({ length: Math.min(length, LIMITS.bodyKeys) }, (_, i) => [`k${i}`, i]))
    expect(decodeMessagePack(encodeMessagePack(map))).toEqual(map)
  })

  test('leave out what is undefined, as JSON does', () => {
    expect(decodeMessagePack(encodeMessagePack({ a: undefined, b: 1 }))).toEqual({ b: 1 })
  })
})

describe('bytes that are refused', () => {
  test.each<[string, string, string]>([
    ['nothing', '', 'early'],
    ['two values', '01 02', 'follow'],
    ['an extension', 'd4 01 00', 'extension'],
    ['a timestamp', 'd6 ff 00 00 00 00', 'extension'],
    ['binary', 'c4 01 00', 'binary'],
    ['the byte that is never used', 'c1', 'never used'],
    ['a text cut short', 'a3 61', 'early'],
    ['a text that promises gigabytes', 'db ff ff ff ff', 'early'],
    ['a list that promises billions', 'dd ff ff ff ff 01', 'early'],
    ['a map that promises billions', 'df ff ff ff ff a1', 'early'],
    ['a map without its last value', '81 a1 61', 'early'],
    ['a number cut short', 'cb 00', 'early'],
    ['broken UTF-8', 'a2 c3 28', 'UTF-8'],
    ['a surrogate in UTF-8', 'a3 ed a0 80', 'UTF-8'],
    ['a key that is a number', '81 01 01', 'key'],
    ['a key twice', '82 a1 61 01 a1 61 02', 'twice'],
    ['__proto__ twice', '82 a9 5f5f70726f746f5f5f 01 a9 5f5f70726f746f5f5f 02', 'twice'],
    ['NaN', 'cb 7f f8 00 00 00 00 00 00', 'finite'],
    ['infinity in four bytes', 'ca 7f 80 00 00', 'finite'],
    ['deep lists', '91'.repeat(100_000), 'deeper'],
    ['deep maps', '81a161'.repeat(100_000), 'deeper'],
  ])('%s', (_, bytes, told) => {
    for (const decode of [decodeMessagePack, decodeAppend]) {
      const error = refusal(hex(bytes), decode)
      expect([error.code, error.message]).toEqual(['MALFORMED_BODY', expect.stringContaining(told)])
    }
  })

  test('integers that a double cannot hold, with their pointer', () => {
    const error = refusal(Buffer.concat([hex('81 a5'), Buffer.from('after'), hex('92 01 cf 00 20 00 00 00 00 00 01')]))
    expect([error.code, error.errors[0]?.pointer]).toEqual(['INVALID_REQUEST', '/after/1'])
    expect(decodeMessagePack(hex('cf 00 20 00 00 00 00 00 02'))).toBe(2 ** 53 + 2)
    expect(decodeMessagePack(hex('d3 80 00 00 00 00 00 00 00'))).toBe(-(2 ** 63))
  })

  test.each([
    ['of 2^53 and more', 'cf 00 20 00 00 00 00 00 01'],
    ['of the highest', 'cf ff ff ff ff ff ff ff ff'],
    ['of the highest with a sign', 'd3 7f ff ff ff ff ff ff ff'],
    ['of the lowest but one', 'd3 80 00 00 00 00 00 00 01'],
  ])('such integers in payloads, which are not decoded: %s', (_, integer) => {
    for (const payload of ['data', 'metadata']) {
      const key = Buffer.from(payload)
      const error = refusal(
        Buffer.concat([hex('81'), Buffer.of(0xa0 + key.length), key, hex(`81 a1 61 91 ${integer}`)]),
        decodeAppend,
      )
      const pointer = `/${payload}`
      expect(error).toMatchObject({
        code: 'INVALID_EVENT',
        errors: [{ pointer, detail: expect.stringContaining('as a string') }],
      })
    }
  })

  test.each([
    'cf 00 1f ff ff ff ff ff ff',
    'cf 80 00 00 00 00 00 00 00',
    'd3 ff e0 00 00 00 00 00 00',
    'd3 80 00 00 00 00 00 00 00',
  ])('but no integer in a payload that a double holds: %s', integer => {
    const append = Buffer.concat([hex('81 a4'), Buffer.from('data'), hex(`81 a1 61 ${integer}`)])
    expect(decodeAppend(append)).toMatchObject({ data: { keys: 1 } })
  })

  test('values without number, a byte each', () => {
    const many = Buffer.concat([hex('dd 00 10 00 00'), Buffer.alloc(0x10_0000, 0x80)])
    for (const decode of [decodeMessagePack, decodeAppend]) expect(refusal(many, decode).code).toBe('BODY_TOO_LARGE')
    expect(decodeAppend(encodeMessagePack({ data: { many: Array(PACKED_VALUES_MAX).fill({}) } }))).toMatchObject({
      data: { keys: expect.any(Number) },
    })
  })

  test('more keys than a body may hold, inside of payloads and beside them', () => {
    const keyed = (keys: number) => Object.fromEntries(Array.from({ length: keys }, (_, i) => [`k${i}`, 0]))
    const events = (each: number) => Array.from({ length: 6 }, () => ({ data: keyed(each), metadata: keyed(1) }))
    const fitting = encodeMessagePack({ events: events(8_300) })
    expect(decodeAppend(fitting)).toMatchObject({ events: { length: 6 } })
    expect(decodeMessagePack(fitting)).toMatchObject({ events: { length: 6 } })
    for (const decode of [decodeMessagePack, decodeAppend]) {
      expect(refusal(encodeMessagePack({ events: events(8_400) }), decode)).toMatchObject({
        code: 'MALFORMED_BODY',
        errors: [{ pointer: '', detail: `must hold at most ${LIMITS.bodyKeys} keys` }],
      })
    }
  })

  test('any bytes are either read or refused by the catalogue', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
        for (const decode of [decodeMessagePack, decodeAppend]) {
          try {
            decode(Buffer.from(bytes))
          } catch (error) {
            expect(['MALFORMED_BODY', 'INVALID_REQUEST', 'INVALID_EVENT']).toContain((error as StoreError).code)
          }
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('an append', () => {
  const event = (data: unknown) => ({ type: 'a', stream: 's', data, metadata: { by: 'x' } })

  test('keeps its payloads as the bytes that came', () => {
    fc.assert(
      fc.property(arbitraryJson, data => {
        fc.pre(!/\\ud[89a-f]/i.test(JSON.stringify(data)))
        const single = decodeAppend(encodeMessagePack(event(data))) as { data: Packed; metadata: Packed }
        const batch = decodeAppend(encodeMessagePack({ events: [event({}), event(data)], data: 1 })) as {
          events: { type: string; data: Packed }[]
          data: number
        }
        for (const packed of [single.data, batch.events[1]?.data as Packed]) {
          expect(packed).toBeInstanceOf(Packed)
          expect(packed.keys).toEqual(expect.any(Number))
          expect(Buffer.from(packed.bytes)).toEqual(encodeMessagePack(data))
        }
        expect(single.metadata).toBeInstanceOf(Packed)
        expect([batch.events[1]?.type, batch.data]).toEqual(['a', 1])
      }),
    )
  })

  test('has payloads nowhere else', () => {
    const body = { condition: { data: { a: 1 } }, expectations: [{ data: {} }], events: [{ tags: [{ data: {} }] }] }
    expect(decodeAppend(encodeMessagePack(body))).toEqual(body)
  })

  test('leaves a payload that is no map to the contract', () => {
    expect(decodeAppend(encodeMessagePack({ data: [1], metadata: 'x' }))).toEqual({ data: [1], metadata: 'x' })
  })

  test('names the payload that is not what it must be', () => {
    const bad = Buffer.concat([hex('81 a6'), Buffer.from('events'), hex('91 81 a4'), Buffer.from('data')])
    const error = refusal(Buffer.concat([bad, hex('82 a1 61 01 a1 61 02')]), decodeAppend)
    expect([error.code, error.errors]).toEqual([
      'INVALID_EVENT',
      [{ pointer: '/events/0/data', detail: expect.stringContaining('twice') }],
    ])
  })

  test('may be sixty-four levels deep in its payload', () => {
    const deep = (levels: number) =>
      Buffer.concat([hex('81 a4'), Buffer.from('data'), hex('81a161'.repeat(levels - 1)), hex('80')])
    expect(decodeAppend(deep(64))).toMatchObject({ data: { keys: expect.any(Number) } })
    expect(refusal(deep(65), decodeAppend).errors[0]?.pointer).toBe('/data')
  })
})
