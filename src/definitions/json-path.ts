// A place in a JSON value: parsed from a JSON Pointer, found and altered through own keys of maps only. Pure.
import type { JsonValue } from '../contract/event.js'
import { LIMITS } from '../contract/limits.js'
import { setOwn } from '../contract/own-key.js'
import { isMap, type Mutable, ownValue } from './merge-patch.js'

/** The keys from the root to the place; empty for the whole value. */
export type JsonPath = readonly string[]

const BAD_ESCAPE = /~(?![01])/

/** Answers the place, or a fault that says what is wrong with the text. */
export function parseJsonPointer(text: unknown): { readonly place: JsonPath } | { readonly fault: string } {
  const { pathChars, pathSegments } = LIMITS
  if (typeof text !== 'string') return { fault: 'must be a JSON Pointer such as "/title"' }
  if (text.length > pathChars) return { fault: `must have at most ${pathChars} characters` }
  if (text !== '' && !text.startsWith('/')) return { fault: 'must be a JSON Pointer: empty, or begin with /' }
  if (BAD_ESCAPE.test(text)) return { fault: 'must write ~ as ~0 and / as ~1' }
  if (!text.isWellFormed()) return { fault: 'must be well-formed Unicode: it holds half a surrogate pair' }
  const place = text.split('/').slice(1).map(unescaped)
  return place.length > pathSegments ? { fault: `must be at most ${pathSegments} keys deep` } : { place }
}

function unescaped(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** The value at the place; undefined when there is none, or when a list or a plain value lies on the way. */
export function valueAtPath(root: JsonValue | undefined, place: JsonPath): JsonValue | undefined {
  let there = root
  for (const key of place) there = isMap(there) ? ownValue(there, key) : undefined
  return there
}

/**
 * Answers the value after `change` was applied at the place; undefined means that nothing is there. Maps are changed
 * in place, and missing ones are made. When anything but a map lies on the way, the value stays as it is.
 */
export function alter(
  root: JsonValue | undefined,
  place: JsonPath,
  change: (there: JsonValue | undefined) => JsonValue | undefined,
): JsonValue | undefined {
  return alterBelow(root, place, 0, change)
}

function alterBelow(
  there: JsonValue | undefined,
  place: JsonPath,
  depth: number,
  change: (there: JsonValue | undefined) => JsonValue | undefined,
): JsonValue | undefined {
  if (depth === place.length) return change(there)
  if (there !== undefined && !isMap(there)) return there
  const key = place[depth] as string
  const before = there === undefined ? undefined : ownValue(there, key)
  const after = alterBelow(before, place, depth + 1, change)
  if (after === before) return there
  const map = (there ?? {}) as Mutable
  if (after === undefined) delete map[key]
  else setOwn(map, key, after)
  return map
}

/** A deep copy: changing it never changes the value. */
export function copyOf(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(copyOf)
  if (!isMap(value)) return value
  const copy: Mutable = {}
  for (const key of Object.keys(value)) setOwn(copy, key, copyOf(value[key] as JsonValue))
  return copy
}
