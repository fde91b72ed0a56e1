// JSON Merge Patch (RFC 7396): changes a state that is its caller's own; every key is a key, `__proto__` included. Pure.
import type { JsonValue } from '../contract/event.js'
import { setOwn } from '../contract/own-key.js'

export type Mutable = { [key: string]: JsonValue }

/** The patch is left as it is, and nothing of it that could be changed later becomes part of the state. */
export function mergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isMap(patch)) return patch
  const merged = (isMap(target) ? target : {}) as Mutable
  for (const key of Object.keys(patch)) {
    const value = patch[key] as JsonValue
    if (value === null) delete merged[key]
    else setOwn(merged, key, mergePatch(ownValue(merged, key), value))
  }
  return merged
}

export function isMap(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function ownValue(map: Readonly<Mutable>, key: string): JsonValue | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined
}
