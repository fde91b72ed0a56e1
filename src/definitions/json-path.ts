// A place in a JSON value: read from a JSON Pointer, found and altered through maps only. Every key is a key. Pure.
import type { JsonValue } from '../contract/event.js'
import { LIMITS } from '../contract/limits.js'
import { setOwn } from '../contract/own-key.js'
import { isMap, type Mutable, ownValue } from './merge-patch.js'

/** The keys that lead there; none for the whole value. */
export type JsonPath = readonly string[]

const BAD_ESCAPE = /~(?![01])/

/** Either the place, or what is wrong with it. */
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

/** What stands there; undefined when nothing does. */
export function valueAtPath(root: JsonValue | undefined, place: JsonPath): JsonValue | undefined {
  let there = root
  for (const key of place) there = isMap(there) ? ownValue(there, key) : undefined
  return there
}

/**
 * Answers the value with what stands at the place changed, undefined standing for nothing there. Maps are changed in
 * place, and made on the way where there is nothing; where anything else is on the way, the value stays as it is.
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

/** Nothing of the value is part of the copy. */
export function copyOf(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(copyOf)
  if (!isMap(value)) return value
  const copy: Mutable = {}
  for (const key of Object.keys(value)) setOwn(copy, key, copyOf(value[key] as JsonValue))
  return copy
}
