// Followers that stand at the end of the log, found by what their filters name: who cannot match an event costs it nothing.
import type { RecordedEvent } from '../contract/event.js'
import { type EventFilter, type FilterField, globCharsOf, listOf, NARROWEST_FIRST } from '../contract/filter.js'
import { isGlob } from '../contract/glob.js'

interface Keys {
  readonly field: FilterField
  readonly values: readonly string[]
}

/** A follower under each of these values is offered every event that has one of them; at most one of each event. */
function keysOf(filter: EventFilter): Keys | undefined {
  for (const field of NARROWEST_FIRST) {
    const wanted = filter[field.name]
    if (wanted === undefined) continue
    const values = listOf(wanted)
    // All tags must be there, so one of them is enough to be found by.
    if (field.choice === 'all') {
      if (values.length > 0) return { field, values: values.slice(0, 1) }
    } else if (field.choice === 'any' || !values.some(isGlob)) return { field, values }
  }
  return undefined
}

/** More than a few patterns make a filter costly for every event that bears its name. */
const GLOB_CHARS = 1_024

/** Whether events that do not match cost a look all the same: all of them, or each a long one. */
export function isWide(filter: EventFilter): boolean {
  return keysOf(filter) === undefined || globCharsOf(filter.streams, filter.types) > GLOB_CHARS
}

interface FoundBy<F> {
  readonly field: FilterField
  readonly byValue: Map<string, Set<F>>
}

export class FollowerIndex<F extends { readonly filter: EventFilter }> {
  /** Only the fields by which somebody is found. */
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

  /** Each once, those whose filter may match the event and no one else who names what it does not have. */
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
