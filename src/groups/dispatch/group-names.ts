// The names of all groups and whose they are, as a fold of their definitions and deletions, read backwards to where all names stand together.
import { StoreError } from '../../contract/errors.js'
import type { JsonObject } from '../../contract/event.js'
import type { EventStore } from '../../contract/event-store.js'
import { Turn } from '../../contract/turns.js'
import { ProvenRead } from '../../service-streams/damage-proof.js'
import type { Rights } from '../group-rights.js'
import { appendOf, SUBSCRIPTIONS_STREAM } from '../state/group-events.js'
import { GROUP_LIMITS } from '../state/group-limits.js'

const NAMES = 'SubscriptionNames'
const TYPES = ['SubscriptionDefined', 'SubscriptionDeleted', NAMES]
/** Definitions and deletions after which all names are written. */
const CHANGES_BETWEEN_NAMES = 1_000

/** What is known of a group whose name is known. */
interface Listed {
  /** Undefined when it was written down before owners were: it is found out when the group is opened. */
  readonly owner: string | undefined
  /** Known once the group has been opened. */
  readonly rights: Rights | undefined
}

/**
 * A name stands here from before its group is defined until after its deletion is durable, so none is ever missing;
 * one that should not be here is found out when its group is opened.
 */
export class GroupNames {
  private changes = 0

  private constructor(
    private readonly store: EventStore,
    private readonly held: Map<string, Listed>,
  ) {}

  static async read(store: EventStore): Promise<GroupNames> {
    const added = new Map<string, Listed>()
    const deleted = new Set<string>()
    const read = new ProvenRead(store, SUBSCRIPTIONS_STREAM)
    const turn = new Turn()
    let changes = 0
    let oldest = 0
    for await (const { type, data, position } of read.events({ types: TYPES }, 'desc')) {
      if (type === NAMES) {
        const owners = (data['owners'] ?? []) as readonly (string | null)[]
        for (const [at, name] of (data['names'] as readonly string[]).entries()) {
          if (!deleted.has(name) && !added.has(name))
            added.set(name, { owner: owners[at] ?? undefined, rights: undefined })
        }
        oldest = position
        break
      }
      changes++
      if (turn.isOver) await turn.next()
      const name = data['subscription'] as string
      if (added.has(name) || deleted.has(name)) continue
      if (type === 'SubscriptionDefined') added.set(name, { owner: ownerIn(data), rights: undefined })
      else deleted.add(name)
    }
    // What is given up is given up: a group whose definition is lost is none.
    await read.isWhole(oldest)
    const catalogue = new GroupNames(store, added)
    catalogue.changes = changes
    return catalogue
  }

  /** In order. */
  get names(): string[] {
    return [...this.held.keys()].sort()
  }

  has(name: string): boolean {
    return this.held.has(name)
  }

  /** What is known of who may do what with it. */
  rightsOf(name: string): Rights | undefined {
    return this.held.get(name)?.rights
  }

  know(name: string, rights: Rights): void {
    if (this.held.has(name)) this.held.set(name, { owner: rights.definedBy, rights })
  }

  /** Those of which it is not known whose they are. */
  get ownerless(): string[] {
    return [...this.held].filter(([, { owner }]) => owner === undefined).map(([name]) => name)
  }

  ownedBy(agentId: string): number {
    let count = 0
    for (const { owner } of this.held.values()) if (owner === agentId) count++
    return count
  }

  /** Before it is defined. */
  add(name: string, owner: string): void {
    if (this.held.has(name)) return
    if (this.held.size >= GROUP_LIMITS.groups) {
      const detail = `There are ${GROUP_LIMITS.groups} subscriptions already, and a server has no more: delete one.`
      throw new StoreError('SUBSCRIPTION_CONFLICT', detail)
    }
    this.held.set(name, { owner, rights: undefined })
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
    const { names } = this
    const data: JsonObject = { names, owners: names.map(name => this.held.get(name)?.owner ?? null) }
    await this.store.append(appendOf([{ type: NAMES, stream: SUBSCRIPTIONS_STREAM, data }]))
  }
}

function ownerIn(data: JsonObject): string | undefined {
  return (data['definition'] as { readonly definedBy?: string } | undefined)?.definedBy
}
