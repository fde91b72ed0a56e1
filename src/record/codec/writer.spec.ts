// What the writer writes, read by others: a general decoder, the careful one of the contract, and the store's own reader.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Unpackr } from 'msgpackr'
import { arbitraryJson } from '../../../test/support/arbitrary-json.js'
import type { JsonObject } from '../../contract/event.js'
import { PackReader, unpack } from './reader.js'
import { encodeMessagePack, PackWriter, packedBy } from './writer.js'

const general = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })

function written(write: (writer: PackWriter) => void): Buffer {
  const writer = new PackWriter(Buffer.alloc(8))
  write(writer)
  return Buffer.from(writer.buffer.subarray(0, writer.at))
}

test('any object is read back by two other decoders', () => {
  fc.assert(
    fc.property(arbitraryJson, value => {
      const bytes = written(writer => writer.object(value as JsonObject))
      // As text: `toEqual` trips over keys such as `constructor`.
      const text = JSON.stringify(value)
      expect(JSON.stringify(unpack(bytes))).toBe(text)
      if (!bytes.includes('__proto__')) expect(JSON.stringify(general.unpack(bytes))).toBe(text)
    }),
    { numRuns: 60 },
  )
})

describe('a number takes the shortest form that holds it', () => {
  const edges: [number, number][] = [
    ...[
      [0, 1],
      [0x7f, 1],
      [0x80, 2],
      [0xff, 2],
      [0x100, 3],
      [0xffff, 3],
      [0x1_0000, 5],
      [0xffff_ffff, 5],
    ],
    ...[
      [0x1_0000_0000, 9],
      [Number.MAX_SAFE_INTEGER, 9],
      [-1, 1],
      [-0x20, 1],
      [-0x21, 2],
      [-0x80, 2],
      [-0x81, 3],
    ],
    ...[
      [-0x8000, 3],
      [-0x8001, 5],
      [-0x8000_0000, 5],
      [-0x8000_0001, 9],
      [Number.MIN_SAFE_INTEGER, 9],
    ],
    ...[
      [-0, 9],
      [0.5, 9],
      [2 ** 53, 9],
      [1e308, 9],
      [5e-324, 9],
      [-(2 ** 60), 9],
    ],
  ] as [number, number][]

  test.each(edges)('%d in %d bytes', (value, size) => {
    const bytes = written(writer => writer.number(value))
    expect(bytes).toHaveLength(size)
    expect(Object.is(general.unpack(bytes), value)).toBe(true)
  })
})

describe('a text of any length around the edges of its head', () => {
  const lengths = [0, 1, 31, 32, 39, 40, 41, 84, 85, 86, 127, 128, 255, 256, 21_845, 65_535, 65_536]

  test.each(['x', 'é', '€', '😀', 'x€'])('made of %s', grain => {
    for (const length of lengths) {
      const text = grain.repeat(Math.ceil(length / grain.length))
      const bytes = written(writer => {
        writer.nil()
        writer.string(text)
        writer.nil()
      })
      const reader = new PackReader(bytes)
      expect([reader.nil(), reader.string() === text, reader.nil(), reader.at]).toEqual([
        true,
        true,
        true,
        bytes.length,
      ])
      expect(general.unpack(bytes.subarray(1, -1))).toBe(text)
    }
  })
})

describe('lists and maps around the edges of their heads', () => {
  test.each([0, 15, 16, 65_535, 65_536])('of %d', count => {
    const list = Array.from({ length: count }, (_, at) => at % 10)
    const map = Object.fromEntries(list.map((value, at) => [`k${at}`, value]))
    expect(JSON.stringify(general.unpack(written(writer => writer.value(list, 0))))).toBe(JSON.stringify(list))
    expect(JSON.stringify(unpack(written(writer => writer.object(map))))).toBe(JSON.stringify(map))
  })
})

test('bytes and large integers are read back by the store’s reader', () => {
  for (const size of [0, 1, 255, 256, 70_000]) {
    const bytes = Buffer.alloc(size, 7)
    expect(new PackReader(written(writer => writer.binary(bytes))).binary().equals(bytes)).toBe(true)
  }
  for (const value of [0n, 1n, 2n ** 32n, 2n ** 64n - 1n])
    expect(new PackReader(written(writer => writer.u64(value))).u64()).toBe(value)
})

test('what is packed while something else is being packed is whole, and so is the other', () => {
  let inner: Buffer | undefined
  const outer = packedBy(writer => {
    writer.arrayHeader(2)
    writer.string('before')
    inner = encodeMessagePack({ n: 'x'.repeat(200_000) })
    expect(() =>
      packedBy(nested => {
        nested.nil()
        nested.string('\ud800')
      }),
    ).toThrow(expect.objectContaining({ name: 'NotJson' }))
    writer.raw(inner)
  })
  expect(general.unpack(inner as Buffer)).toEqual({ n: 'x'.repeat(200_000) })
  expect(general.unpack(outer)).toEqual(['before', { n: 'x'.repeat(200_000) }])
})

test('a record cut off anywhere is malformed, and no reader runs beyond it', () => {
  const whole = written(writer => {
    writer.arrayHeader(20)
    writer.u64(2n ** 60n)
    for (const number of [1, 200, 70_000, 2 ** 40]) writer.number(number)
    writer.string('short')
    writer.string('x'.repeat(300))
    writer.binary(Buffer.alloc(300))
  })
  const readAll = (bytes: Buffer) => {
    const reader = new PackReader(bytes)
    reader.arrayHeader()
    reader.u64()
    for (let left = 4; left > 0; left--) reader.integer()
    reader.string()
    reader.string()
    reader.binary()
    return reader.at
  }
  expect(readAll(whole)).toBe(whole.length)
  for (let length = 0; length < whole.length; length++)
    expect(() => readAll(whole.subarray(0, length))).toThrow(expect.objectContaining({ name: 'MalformedRecord' }))
})
