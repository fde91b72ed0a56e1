// Writes a group's state events in the order they were decided: one append at a time, the next with all that waits.
import type { NewEvent } from '../../contract/event.js'
import type { AppendTerms, EventStore } from '../../contract/event-store.js'
import { appendOf, type Change, eventOf, type StateEvent } from '../state/group-events.js'

interface Entry {
  readonly events: readonly NewEvent[]
  readonly weight: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** About the most that a row of a state event weighs. */
const ROW_BYTES = 1_024
const APPEND_BYTES = 4 * 1024 * 1024
const APPEND_EVENTS = 500

/**
 * A change must not be written when one that it was decided on was not. So the first append that fails makes all that
 * wait behind it fail, too, and the owner begins anew from the log.
 */
export class SerialAppender {
  private readonly entries: Entry[] = []
  private writing = false
  private failure: { readonly error: unknown } | undefined

  constructor(
    private readonly store: EventStore,
    private readonly name: string,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  get idle(): boolean {
    return !this.writing
  }

  /** Resolves when these changes and all before them are durable; with no changes, when all before are. */
  write(changes: readonly StateEvent[]): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure.error)
    // Each part is an entry of its own, because all together may exceed one append. They may be separated by a crash,
    // because a state that is not complete is ignored when it is read.
    const parts = changes.filter(({ type }) => type === 'SubscriptionState')
    const written = this.add(changes.filter(({ type }) => type !== 'SubscriptionState'))
    const all = [written, ...parts.map(part => this.add([part]))]
    if (!this.writing) void this.drain()
    const done = Promise.all(all)
    done.catch(() => undefined)
    // The answer to a change does not wait for the parts, because they only make the next opening faster.
    return parts.length < changes.length ? written : done.then(() => undefined)
  }

  private add(changes: readonly StateEvent[]): Promise<void> {
    const events = changes.map(change => eventOf(this.name, change))
    const weight = changes.reduce((sum, change) => sum + weightOf(change), 0)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.entries.push({ events, weight, resolve, reject })
    return promise
  }

  private async drain(): Promise<void> {
    this.writing = true
    while (this.entries.length > 0) {
      const some = this.next()
      try {
        const events = some.flatMap(entry => entry.events)
        if (events.length > 0) await this.store.append(appendOf(events), termsOf(events))
      } catch (error) {
        this.fail(error, some)
        return
      }
      for (const { resolve } of some) resolve()
    }
    this.writing = false
  }

  private next(): Entry[] {
    let weight = 0
    let events = 0
    let count = 0
    for (const entry of this.entries) {
      weight += entry.weight
      events += entry.events.length
      if (count > 0 && (weight > APPEND_BYTES || events > APPEND_EVENTS)) break
      count++
    }
    return this.entries.splice(0, count)
  }

  private fail(error: unknown, first: readonly Entry[]): void {
    this.failure = { error }
    this.writing = false
    this.onFailure(error)
    for (const { reject } of [...first, ...this.entries.splice(0)]) reject(error)
  }
}

/** What is handed out may be settled in every mode of the service; nothing more is handed out while it takes no appends. */
const SETTLING: ReadonlySet<string> = new Set(['EventsSettled', 'EventsReturned', 'EventsParked'])
const IN_EVERY_MODE: AppendTerms = Object.freeze({ inEveryMode: true })

function termsOf(events: readonly NewEvent[]): AppendTerms | undefined {
  return events.every(({ type }) => SETTLING.has(type)) ? IN_EVERY_MODE : undefined
}

function weightOf(change: StateEvent): number {
  return ROW_BYTES * (1 + rowsIn(change))
}

function rowsIn(change: Change | StateEvent): number {
  switch (change.type) {
    case 'EventsTaken':
      return change.events.length
    case 'SubscriptionState':
      // As bytes this is more than PART_BYTES, at which parts are cut.
      return 512
    case 'SubscriptionDefined':
      return 256
    case 'EventsSettled':
    case 'EventsReturned':
    case 'EventsParked':
      return change.deliveries.length / 16
    default:
      return 'positions' in change ? change.positions.length / 64 : 1
  }
}
