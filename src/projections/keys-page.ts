// Makes one page of the states of a keyed projection, sorted by the code units of the keys. Pure.
import type { JsonValue } from '../contract/event.js'

export type JsonMap = { readonly [key: string]: JsonValue }

export interface KeyState {
  readonly key: string
  readonly state: JsonValue
}

export interface KeysPage {
  readonly keys: readonly KeyState[]
  readonly next: string | null
}

export const KEYS_PAGE = 100
export const KEYS_PAGE_MAX = 1_000

export function keysPage(states: JsonMap, after: string | undefined, limit: number): KeysPage {
  const found = smallest(Object.keys(states), after, limit + 1)
  const keys = found.slice(0, limit).map(key => ({ key, state: states[key] as JsonValue }))
  return { keys, next: found.length > limit ? (found[limit - 1] as string) : null }
}

/** Keeps at most two pages of candidates and sorts only those, because a page is small and the keys may be many. */
function smallest(keys: readonly string[], after: string | undefined, count: number): string[] {
  const found: string[] = []
  let bound: string | undefined
  const cut = () => {
    found.sort()
    found.length = Math.min(found.length, count)
    if (found.length === count) bound = found[count - 1]
  }
  for (const key of keys) {
    if ((after !== undefined && key <= after) || (bound !== undefined && key >= bound)) continue
    found.push(key)
    if (found.length === 2 * count) cut()
  }
  cut()
  return found
}
