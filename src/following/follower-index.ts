// Finds the followers at head whose filters may match an event, so that all others cost the event nothing.
import type { RecordedEvent } from '../contract/event.js'
import { type EventFilter, type FilterField, globCharsOf, listOf, NARROWEST_FIRST } from '../contract/filter.js'
import { isGlob } from '../contract/glob.js'

interface Keys {
  readonly field: FilterField
  readonly values: readonly string[]
}

/** The values a follower is filed under. An event has at most one of them, so it is offered to a follower once. */
function keysOf(filter: EventFilter): Keys | undefined {
  for (const field of NARROWEST_FIRST) {
    const wanted = filter[field.name]
    if (wanted === undefined) continue
    const values = listOf(wanted)
    // An event must have all the tags, so a follower filed under one of them misses none.
    if (field.choice === 'all') {
      if (values.length > 0) return { field, values: values.slice(0, 1) }
    } else if (field.choice === 'any' || !values.some(isGlob)) return { field, values }
  }
  return undefined
}

/** Characters of patterns beyond which each look at an event is long, even when the filter names a value as well. */
const GLOB_CHARS = 1_024

/** Whether a follower is costly even when events do not match: all are offered to it, or each look is a long one. */
export function isWide(filter: EventFilter): boolean {
  return keysOf(filter) === undefined || globCharsOf(filter.streams, filter.types) > GLOB_CHARS
}

interface FoundBy<F> {
  readonly field: FilterField
  readonly byValue: Map<string, Set<F>>
}

export class FollowerIndex<F extends { readonly filter: EventFilter }> {
  /** Only fields in use are in it, because every event is looked up in each of them. */
  private readonly byField = new Map<FilterField, FoundBy<F>>()
  private readonly others = new Set<F>()
  private readonly all = new Set<F>()

  get everyone(): ReadonlySet<F> {
    return this.all
  }

  add(follower: F): void {
    this.all.add(follower)
    const keys = keysOf(follower.filter)
    if (keys === undefined) {
      this.others.add(follower)
      return
    }
    const { field } = keys
    const found = this.byField.get(field) ?? { field, byValue: new Map<string, Set<F>>() }
    this.byField.set(field, found)
    const { byValue } = found
    for (const value of keys.values) {
      const held = byValue.get(value)
      if (held === undefined) byValue.set(value, new Set([follower]))
      else held.add(follower)
    }
  }

  delete(follower: F): void {
    if (!this.all.delete(follower)) return
    this.others.delete(follower)
    const keys = keysOf(follower.filter)
    const byValue = keys && this.byField.get(keys.field)?.byValue
    if (keys === undefined || byValue === undefined) return
    for (const value of keys.values) {
      const held = byValue.get(value)
      held?.delete(follower)
      if (held?.size === 0) byValue.delete(value)
    }
    if (byValue.size === 0) this.byField.delete(keys.field)
  }

  /** Yields once each follower whose filter may match; those filed under values the event lacks are never visited. */
  *candidates(event: RecordedEvent): Generator<F> {
    yield* this.others
    for (const { field, byValue } of this.byField.values()) {
      const values = field.valuesOf(event)
      if (values === undefined) continue
      for (const value of typeof values === 'string' ? [values] : new Set(values)) {
        const held = byValue.get(value)
        if (held !== undefined) yield* held
      }
    }
  }
}
