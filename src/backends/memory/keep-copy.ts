// Deep copies that nobody can change: the memory backend keeps them and hands them out.
import type { JsonObject, JsonValue } from '../../contract/event.js'

/**
 * Copies checked JSON, so the recursion is bounded. Keys keep their order, and every key is defined rather than
 * assigned, because assigning `__proto__` would lose it.
 */
export function keepCopy<T extends JsonValue>(value: T): T
export function keepCopy(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Object.freeze(value.map(item => keepCopy(item as JsonValue)))
  const copy: JsonObject = {}
  for (const [name, item] of Object.entries(value)) {
    Object.defineProperty(copy, name, { value: keepCopy(item), enumerable: true, writable: true, configurable: true })
  }
  return Object.freeze(copy)
}

/** The same object without the fields that are undefined. */
export function withoutAbsent<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
