// Arbitrary JSON objects for property tests, with a liking for keys and numbers that other software trips over.
import fc from 'fast-check'
import type { JsonObject, JsonValue } from '../../src/contract/event.js'

const NOTORIOUS_KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'toJSON', 'length', '', '0', 'a/b', 'a~b']
const NOTORIOUS_NUMBERS = [
  0,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  2 ** 53 + 2,
  2 ** 63,
  -(2 ** 63),
  2 ** 64,
  2 ** 32,
  2 ** 31,
  -(2 ** 31) - 1,
  0.1,
  1e21,
  5e-324,
]

/** Defines instead of assigning, so that `__proto__` becomes a key like any other. */
export function objectOf(entries: readonly (readonly [string, JsonValue])[]): JsonObject {
  const object: JsonObject = {}
  for (const [name, value] of entries) {
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
  }
  return object
}

/** Objects within objects: `depth` containers in all. */
export function nested(depth: number): JsonObject {
  let object: JsonObject = {}
  for (let level = 1; level < depth; level++) object = level % 2 === 0 ? { inner: object } : { list: [object].at(0)! }
  return object
}

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }))
const key = fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: fc.constantFrom(...NOTORIOUS_KEYS) })
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(...NOTORIOUS_NUMBERS),
)

const { object } = fc.letrec<{ value: JsonValue; list: JsonValue[]; object: JsonObject }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.constant(null), fc.boolean(), number, text),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value'), { maxLength: 5 }),
  object: fc
    .uniqueArray(fc.tuple(key, tie('value')), { maxLength: 8, selector: ([name]) => name })
    .map(entries => objectOf(entries)),
}))

export const arbitraryJson: fc.Arbitrary<JsonObject> = fc.oneof(
  { weight: 9, arbitrary: object },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 64 }).map(nested) },
)
