// The names of all groups, as a fold of their definitions and deletions, read backwards to where all names stand together.
import { StoreError } from '../../contract/errors.js'
import type { JsonObject } from '../../contract/event.js'
import type { EventStore } from '../../contract/event-store.js'
import { Books } from './books.js'
import { appendOf, SUBSCRIPTIONS_STREAM } from './group-events.js'
import { GROUP_LIMITS } from './group-limits.js'

const NAMES = 'SubscriptionNames'
const TYPES = ['SubscriptionDefined', 'SubscriptionDeleted', NAMES]
/** Definitions and deletions after which all names are written. */
const CHANGES_BETWEEN_NAMES = 1_000

/**
 * A name stands here from before its group is defined until after its deletion is durable, so none is ever missing;
 * one that should not be here is found out when its group is opened.
 */
export class Catalogue {
  private changes = 0

  private constructor(
    private readonly store: EventStore,
    private readonly held: Set<string>,
  ) {}

  static async read(store: EventStore): Promise<Catalogue> {
    const added = new Set<string>()
    const deleted = new Set<string>()
    const books = new Books(store)
    let changes = 0
    let oldest = 0
    for await (const { type, data, position } of books.newestFirst({ types: TYPES })) {
      if (type === NAMES) {
        for (const name of data['names'] as readonly string[]) if (!deleted.has(name)) added.add(name)
        oldest = position
        break
      }
      changes++
      const name = data['subscription'] as string
      if (added.has(name) || deleted.has(name)) continue
      if (type === 'SubscriptionDefined') added.add(name)
      else deleted.add(name)
    }
    // What is given up is given up: a group whose definition is lost is none.
    await books.areWhole(oldest)
    const catalogue = new Catalogue(store, added)
    catalogue.changes = changes
    return catalogue
  }

  /** In order. */
  get names(): string[] {
    return [...this.held].sort()
  }

  has(name: string): boolean {
    return this.held.has(name)
  }

  /** Before it is defined. */
  add(name: string): void {
    if (this.held.has(name)) return
    if (this.held.size >= GROUP_LIMITS.groups) {
      const detail = `There are ${GROUP_LIMITS.groups} subscriptions already, and a server has no more: delete one.`
      throw new StoreError('SUBSCRIPTION_CONFLICT', detail)
    }
    this.held.add(name)
    this.changed()
  }

  /** After its deletion is durable, or when it turns out not to exist. */
  remove(name: string): void {
    if (this.held.delete(name)) this.changed()
  }

  private changed(): void {
    // What fails here only makes the next reading longer.
    if (++this.changes >= CHANGES_BETWEEN_NAMES) this.rewrite().catch(() => undefined)
  }

  /** All names, at the end of the log. */
  async rewrite(): Promise<void> {
    this.changes = 0
    const data: JsonObject = { names: this.names }
    await this.store.append(appendOf([{ type: NAMES, stream: SUBSCRIPTIONS_STREAM, data }]))
  }
}
