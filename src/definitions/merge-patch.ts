// JSON Merge Patch (RFC 7396), which changes the target in place and treats `__proto__` like any other key. Pure.
import type { JsonValue } from '../contract/event.js'
import { setOwn } from '../contract/own-key.js'

export type Mutable = { [key: string]: JsonValue }

/**
 * Changes and answers the target, never the patch. Maps of the patch are copied into the target; its lists are
 * shared, because no merge patch changes a list in place.
 */
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
