// Writes states as texts that are equal only for equal states, and finds the merge patch between two states. Pure.
import type { JsonValue } from '../contract/event.js'
import { isMap } from '../definitions/merge-patch.js'

/** V8 has it since 11.4, but the compiler's library does not declare it yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/** Keeps the order of keys, because a fold that goes on from the text must give what a fold in one go gives. */
export function stateText(state: JsonValue): string {
  if (!holdsMinusZero(state)) return JSON.stringify(state)
  // JSON can hold -0, but JSON.stringify writes 0, and an answer in MessagePack would show the difference.
  return JSON.stringify(state, (_key, value: unknown) => (Object.is(value, -0) ? rawJSON('-0') : value))
}

function holdsMinusZero(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0)
  if (Array.isArray(value)) return value.some(holdsMinusZero)
  return Object.values(value).some(holdsMinusZero)
}

type Map = { readonly [key: string]: JsonValue }

/**
 * The RFC 7396 patch that makes `state` of `base`, with arrays replaced whole. It cannot express everything, such as a
 * null within an object or another order of keys, so the caller must apply it and compare.
 */
export function differenceOf(base: JsonValue, state: JsonValue): JsonValue {
  if (!isMap(base) || !isMap(state)) return state
  const patch: { [key: string]: JsonValue } = {}
  const set = (key: string, value: JsonValue) =>
    Object.defineProperty(patch, key, { value, writable: true, enumerable: true, configurable: true })
  for (const key of Object.keys(base)) if (!Object.hasOwn(state, key)) set(key, null)
  for (const key of Object.keys(state)) {
    const value = state[key] as JsonValue
    if (!Object.hasOwn(base, key)) set(key, value)
    else if (!same(base[key] as JsonValue, value)) set(key, differenceOf(base[key] as JsonValue, value))
  }
  return patch
}

function same(a: JsonValue, b: JsonValue): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return Object.is(a, b)
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, index) => same(item, b[index] as JsonValue))
  }
  const [one, other] = [a as Map, b as Map]
  const keys = Object.keys(one)
  if (keys.length !== Object.keys(other).length) return false
  return keys.every(key => Object.hasOwn(other, key) && same(one[key] as JsonValue, other[key] as JsonValue))
}
