// JSON bodies: what is read, what is refused and how fast, and that nothing is lost in between.
import fc from 'fast-check'
import { arbitraryJson } from '../../test/support/arbitrary-json.js'
import type { StoreError } from '../contract/errors.js'
import { LIMITS } from '../contract/limits.js'
import { JSON_DEPTH_MAX, JSON_VALUES_MAX, parseJsonBody } from './json-body.js'

const parse = (text: string) => parseJsonBody(Buffer.from(text))

function refusal(body: string | Buffer): StoreError {
  try {
    parseJsonBody(Buffer.from(body as string))
  } catch (error) {
    return error as StoreError
  }
  throw new Error('the body was taken')
}

const pointers = (text: string) => refusal(text).errors.map(({ pointer }) => pointer)
const nest = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

test('any JSON arrives as JSON.parse reads it', () => {
  fc.assert(
    fc.property(arbitraryJson, fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      expect(JSON.stringify(parse(text))).toBe(JSON.stringify(value))
    }),
  )
})

test('scalars and lists are JSON too', () => {
  for (const text of ['1', '-0', '"a"', 'null', 'true', '[]', '{}', ' [1] \n'])
    expect(parse(text)).toEqual(JSON.parse(text))
})

test('notorious keys are own keys and reach no prototype', () => {
  const value = parse('{"__proto__":{"a":1},"constructor":{"prototype":{"b":2}}}') as object
  expect(Object.keys(value)).toEqual(['__proto__', 'constructor'])
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  expect(({} as Record<string, unknown>)['a']).toBeUndefined()
})

describe('a text that is not JSON', () => {
  test.each<[string, string | Buffer, string]>([
    ['empty', '', 'empty'],
    ['not UTF-8', Buffer.of(0x22, 0xff, 0x22), 'UTF-8'],
    ['half a surrogate pair in bytes', Buffer.of(0x22, 0xed, 0xa0, 0x80, 0x22), 'UTF-8'],
    ['with a byte order mark', '\ufeff{}', 'byte order mark'],
    ['a word', 'secret', 'byte 0'],
    ['an early end', '{"a":[1,', 'byte 8'],
    ['nothing but blanks', '  ', 'byte 2'],
    ['two values', '{} {}', 'byte 3'],
    ['a trailing comma', '[1,]', 'byte 3'],
    ['a trailing comma after a field', '{"a":1,}', 'byte 7'],
    ['a key without quotes', '{a:1}', 'byte 1'],
    ['a comment', '[1 /* secret */]', 'byte 3'],
    ['a leading zero', '[01]', 'byte 1'],
    ['a bare sign', '[-]', 'byte 1'],
    ['a bad escape', '["secret\\x"]', 'byte 8'],
    ['a bad unicode escape', '["\\u12g4"]', 'byte 2'],
    ['a control character', '["a\nb"]', 'byte 3'],
    ['an unclosed text', '["secret', 'byte 8'],
    ['a wrong bracket', '[1}', 'byte 2'],
    ['an unopened bracket', ']', 'byte 0'],
    ['NaN', '[NaN]', 'byte 1'],
    ['a missing colon', '{"a" 1}', 'byte 5'],
    ['many zeros', '0'.repeat(5_000), 'byte 0'],
  ])('is refused with the place: %s', (_, body, told) => {
    const error = refusal(body)
    expect(error.code).toBe('MALFORMED_BODY')
    expect(error.message).toContain(told)
    expect(error.message).not.toContain('secret')
  })

  test('is refused whenever JSON.parse refuses it, and only then', () => {
    const mutated = fc
      .tuple(arbitraryJson, fc.nat(), fc.constantFrom(...'{}[],:"\\0-e.x \n'))
      .map(([value, at, letter]) => {
        const text = JSON.stringify(value)
        const place = at % text.length
        return Buffer.from(text.slice(0, place) + letter + text.slice(place + 1)).toString()
      })
    fc.assert(
      fc.property(mutated, text => {
        let refused: string | undefined
        try {
          parse(text)
        } catch (error) {
          refused = (error as StoreError).code
        }
        let isJson = true
        try {
          JSON.parse(text)
        } catch {
          isJson = false
        }
        // A change may also make twins of two keys, or a number that no double holds.
        if (isJson) expect([undefined, 'INVALID_REQUEST']).toContain(refused)
        else expect(refused).toBe('MALFORMED_BODY')
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a number', () => {
  test.each([
    '9007199254740992',
    '9007199254740994',
    '-9007199254740992',
    '18446744073709551616',
    '9223372036854775808',
    '9223372036854776000',
    '18446744073709552000',
    '-9223372036854775808',
    '1000000000000000000000',
    '10000000000000000000000',
    `1${'0'.repeat(22)}`,
    '41538374868278621028243970633760768',
    '0.1',
    '0.12345678901234567890123456789',
    '1e21',
    '1.7976931348623157e308',
    '5e-324',
    '1e-999',
    '-0',
  ])('that a double says, or nearly says as a decimal, passes: %s', text => {
    expect(parse(`[${text}]`)).toEqual([Number(text)])
  })

  test.each([
    '9007199254740993',
    '-9007199254740993',
    '12345678901234567',
    '18446744073709551615',
    '9223372036854775807',
    '41538374868278621028243970633760769',
    `1${'0'.repeat(23)}`,
    '1e309',
    '-1e400',
    '9'.repeat(400),
    `${'9'.repeat(309)}.5`,
  ])('that would change is refused with its pointer: %s', text => {
    const error = refusal(`{"events":[{"data":{}},{"data":{"a/b":[0,${text}]}}]}`)
    expect(error.code).toBe('INVALID_REQUEST')
    expect(error.errors).toEqual([
      { pointer: '/events/1/data/a~1b/1', detail: expect.stringContaining('send it as a string') },
    ])
  })

  test('is judged as exact arithmetic judges it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.nat(40), (value, shift) => {
        const integer = value >> BigInt(shift * 3)
        const doubled = BigInt(Number(integer))
        expect(parse(`${doubled}`)).toBe(Number(integer))
        const survives = doubled === integer || `${Number(integer)}` === `${integer}`
        if (!survives) expect(pointers(`[${integer}]`)).toEqual(['/0'])
        else expect(parse(`${integer}`)).toBe(Number(integer))
      }),
      { numRuns: 1_000 },
    )
  })

  test('in a text is a text', () => {
    expect(parse('{"9007199254740993":"9007199254740993"}')).toEqual({ '9007199254740993': '9007199254740993' })
  })
})

describe('a key that stands twice', () => {
  test.each<[string, string, string[]]>([
    ['side by side', '{"a":1,"a":2}', ['/a']],
    ['with another spelling', '{"a":1,"b":0,"\\u0061":2}', ['/a']],
    ['deep inside', '{"x":[{"y":{"k":1,"l":[],"k":1}}]}', ['/x/0/y/k']],
    ['thrice', '{"a":1,"a":2,"a":3}', ['/a', '/a']],
    ['among many', `{${Array.from({ length: 100 }, (_, i) => `"k${i % 99}":${i}`).join()}}`, ['/k0']],
    ['called __proto__', '{"__proto__":1,"__proto__":2}', ['/__proto__']],
  ])('would lose a value: %s', (_, text, expected) => {
    expect(refusal(text).code).toBe('INVALID_REQUEST')
    expect(pointers(text)).toEqual(expected)
  })

  test('is none when only their hashes are the same', () => {
    const pairs = { costarring: 1, liquid: 2, declinate: 3, macallums: 4, altarage: 5, zinke: 6 }
    expect(parse(JSON.stringify(pairs))).toEqual(pairs)
  })

  test('is none when the objects differ, or the texts are values', () => {
    expect(parse('{"a":{"a":{"a":1}},"b":["a","a",{"a":1},{"a":2}]}')).toEqual({
      a: { a: { a: 1 } },
      b: ['a', 'a', { a: 1 }, { a: 2 }],
    })
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, { a: i, 'b"': i }]))
    expect(parse(JSON.stringify(many))).toEqual(many)
  })
})

describe('a body made to hurt', () => {
  test('may nest as deep as data in a batch, and no deeper', () => {
    expect(parse(nest(JSON_DEPTH_MAX))).toBeDefined()
    expect(refusal(nest(JSON_DEPTH_MAX + 1))).toMatchObject({
      code: 'MALFORMED_BODY',
      message: expect.stringContaining('64'),
    })
  })

  test.each(['[', '{"a":', '[{"a":[', '{'])('is refused at once however often it opens: %s', opening => {
    const body = Buffer.from(opening.repeat(1_000_000 / opening.length))
    const start = performance.now()
    expect(refusal(body).code).toBe('MALFORMED_BODY')
    expect(performance.now() - start).toBeLessThan(50)
  })

  test('may not hold more values or keys than it takes to make a process suffer', () => {
    const values = `[${'0,'.repeat(JSON_VALUES_MAX)}0]`
    expect(refusal(values).code).toBe('BODY_TOO_LARGE')
    expect(refusal(`[${'{},'.repeat(JSON_VALUES_MAX / 2)}0]`).code).toBe('BODY_TOO_LARGE')
  })

  test('may hold so many keys, wherever they stand, and no more', () => {
    const holding = (keys: number) => `[${'{"":0},'.repeat(keys - 2)}{"a":{"b":0}}]`
    expect(parse(holding(LIMITS.bodyKeys))).toHaveLength(LIMITS.bodyKeys - 1)
    expect(refusal(holding(LIMITS.bodyKeys + 1))).toMatchObject({
      code: 'MALFORMED_BODY',
      errors: [{ pointer: '', detail: `must hold at most ${LIMITS.bodyKeys} keys` }],
    })
  })

  test('leaves the next one alone', () => {
    for (const bad of ['[[[', '{"a":1,"a":2}', '[1e999]', nest(100)]) {
      expect(() => parse(bad)).toThrow()
      expect(parse('{"a":[1,{"b":2}]}')).toEqual({ a: [1, { b: 2 }] })
    }
  })
})
