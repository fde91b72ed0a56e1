// MessagePack as the store takes it: every legal spelling, nothing that JSON could not say, never a crash.
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { arbitraryJson, nested } from '../../test/support/arbitrary-json.js'
import { spell } from '../../test/support/packed-spellings.js'
import { StoreError } from './errors.js'
import { checkedPacked, type PackedFault, scanPacked, unpack } from './packed.js'

function faultOf(bytes: Uint8Array): PackedFault | undefined {
  const outcome = scanPacked(bytes)
  return typeof outcome === 'number' ? undefined : outcome
}

const ascii = (text: string) => [...text].map(character => character.charCodeAt(0))
/** {"a": …} with the given bytes as the value. */
const holding = (...value: number[]) => Uint8Array.of(0x81, 0xa1, 0x61, ...value)
const shortest = () => 0

describe('packed JSON', () => {
  it('is accepted in every spelling, and decoded to what was said', () => {
    fc.assert(
      fc.property(arbitraryJson, fc.infiniteStream(fc.nat(1_000)), (value, numbers) => {
        const bytes = Uint8Array.from(spell(value, choices => (numbers.next().value as number) % choices))
        expect(faultOf(bytes)).toBeUndefined()
        expect(JSON.stringify(unpack(bytes))).toBe(JSON.stringify(value))
      }),
      { numRuns: 150 },
    )
  })

  it('is refused when it ends early, wherever that is', () => {
    fc.assert(
      fc.property(arbitraryJson, fc.nat(), (value, at) => {
        const bytes = Uint8Array.from(spell(value, shortest))
        expect(faultOf(bytes.subarray(0, at % bytes.length))).toBeDefined()
      }),
    )
  })

  it('is refused or means some JSON, whatever happens to its bytes', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(arbitraryJson, damage, (value, changes) => {
        const bytes = Uint8Array.from(spell(value, shortest))
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        const fault = faultOf(bytes)
        if (fault === undefined) {
          const decoded = unpack(bytes)
          expect(JSON.stringify(JSON.parse(JSON.stringify(decoded)))).toBe(JSON.stringify(decoded))
        } else {
          expect(fault.offset).toBeLessThanOrEqual(bytes.length)
          expect(fault.reason).not.toBe('')
        }
      }),
      { numRuns: 400 },
    )
  })

  it.each<[string, Uint8Array, string, number]>([
    ['no bytes', Uint8Array.of(), 'a map must stand here', 0],
    ['an array', Uint8Array.of(0x90), 'a map must stand here', 0],
    ['nil', Uint8Array.of(0xc0), 'a map must stand here', 0],
    ['two maps', Uint8Array.of(0x80, 0x80), 'nothing may follow the map', 1],
    ['a number as key', Uint8Array.of(0x81, 1, 1), 'a key must be a string', 1],
    ['bytes as key', Uint8Array.of(0x81, 0xc4, 0, 1), 'a key must be a string', 1],
    ['a map as key', Uint8Array.of(0x81, 0x80, 1), 'a key must be a string', 1],
    ['a key twice', Uint8Array.of(0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2), 'a key must not stand twice in one map', 4],
    [
      'a key twice, spelled apart',
      Uint8Array.of(0x82, 0xa1, 0x61, 1, 0xd9, 1, 0x61, 2),
      'a key must not stand twice',
      4,
    ],
    ['bytes', holding(0xc4, 1, 0), 'binary is not JSON', 3],
    ['an extension', holding(0xc7, 1, 1, 0), 'an extension type is not JSON', 3],
    ['a fixed extension', holding(0xd4, 1, 0), 'an extension type is not JSON', 3],
    ['a timestamp', holding(0xd6, 0xff, 0, 0, 0, 0), 'an extension type is not JSON', 3],
    ['what is never used', holding(0xc1), '0xc1 is never used', 3],
    ['NaN', holding(0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0), 'a number must be finite', 3],
    ['infinity', holding(0xcb, 0xff, 0xf0, 0, 0, 0, 0, 0, 0), 'a number must be finite', 3],
    ['short NaN', holding(0xca, 0x7f, 0xc0, 0, 0), 'a number must be finite', 3],
    ['short infinity', holding(0xca, 0x7f, 0x80, 0, 0), 'a number must be finite', 3],
    ['a map of four billion', Uint8Array.of(0xdf, 255, 255, 255, 255), 'the bytes end early', 0],
    ['an array of four billion', holding(0xdd, 255, 255, 255, 255), 'the bytes end early', 3],
    ['a text of four billion', holding(0xdb, 255, 255, 255, 255, 0x61), 'the bytes end early', 3],
    ['half a length', holding(0xda, 0), 'the bytes end early', 3],
    ['half a number', holding(0xce, 0, 0), 'the bytes end early', 3],
    ['an overlong character', holding(0xa2, 0xc0, 0x80), 'a string must be valid UTF-8', 4],
    ['an overlong character of three bytes', holding(0xa3, 0xe0, 0x80, 0x80), 'a string must be valid UTF-8', 4],
    ['half a surrogate pair', holding(0xa3, 0xed, 0xa0, 0x80), 'a string must be valid UTF-8', 4],
    ['a character beyond Unicode', holding(0xa4, 0xf4, 0x90, 0x80, 0x80), 'a string must be valid UTF-8', 4],
    ['a character cut off', holding(0xa3, 0x61, 0xe2, 0x82), 'a string must be valid UTF-8', 5],
    ['a key that is no text', Uint8Array.of(0x81, 0xa1, 0xff, 1), 'a string must be valid UTF-8', 2],
  ])('refuses %s', (_, bytes, reason, offset) => {
    expect(faultOf(bytes)).toMatchObject({ reason: expect.stringContaining(reason), offset })
    expect(() => checkedPacked(bytes)).toThrow(StoreError)
  })

  it('may be sixty-four levels deep and no deeper', () => {
    expect(faultOf(Uint8Array.from(spell(nested(64), shortest)))).toBeUndefined()
    expect(faultOf(Uint8Array.from(spell(nested(65), shortest)))?.reason).toMatch('deeper than 64')
    const abyss = new Uint8Array(1_000_000).fill(0x91)
    abyss.set(holding())
    expect(faultOf(abyss)).toEqual({ reason: 'nesting must not be deeper than 64 levels', offset: 66 })
    expect(() => unpack(abyss)).toThrow(RangeError)
  })

  it('may have the same key in neighbouring and inner maps, and many keys in one', () => {
    const value = { a: { a: [{ a: 1 }, { a: 2 }] }, b: { a: {} } }
    expect(faultOf(Uint8Array.from(spell(value, shortest)))).toBeUndefined()
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`key-${i}`, { a: i, b: i }]))
    expect(faultOf(Uint8Array.from(spell(many, shortest)))).toBeUndefined()
  })

  it('refuses a key twice in a map of any size', () => {
    for (const size of [2, 23, 24, 25, 26, 200, 5_000]) {
      const keys = Array.from({ length: size - 1 }, (_, i) => `key-${i}`)
      const body = [...keys, keys.at(-1) as string].flatMap(key => [0xd9, key.length, ...ascii(key), 0xc0])
      const fault = faultOf(Uint8Array.of(0xde, size >> 8, size & 0xff, ...body))
      expect(fault?.reason).toBe('a key must not stand twice in one map')
    }
  })

  it('decodes integers beyond 2^53 to the nearest double', () => {
    expect(unpack(holding(0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))).toEqual({ a: 2 ** 64 })
    expect(unpack(holding(0xd3, 0x80, 0, 0, 0, 0, 0, 0, 1))).toEqual({ a: -(2 ** 63) })
  })

  it('keeps a leading U+FEFF, which is text here and no mark', () => {
    expect(unpack(holding(0xa3, 0xef, 0xbb, 0xbf))).toEqual({ a: '\ufeff' })
    const long = '\ufeff'.repeat(50)
    expect(unpack(Uint8Array.from(spell({ [long]: long }, shortest)))).toEqual({ [long]: long })
  })

  it('is read in a view of a larger buffer', () => {
    const buffer = Uint8Array.of(9, 9, ...holding(0xcd, 1, 0), 9)
    const view = buffer.subarray(2, 8)
    expect(faultOf(view)).toBeUndefined()
    expect(unpack(view)).toEqual({ a: 256 })
  })
})
