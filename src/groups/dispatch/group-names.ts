// The names and owners of all groups: a fold of definitions and deletions, read back to the last list of all names.
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
/** After so many definitions and deletions all names are written, which bounds what a start reads. */
const CHANGES_BETWEEN_NAMES = 1_000

interface Listed {
  /** Undefined when the name was written before owners were; it is known once the group has been opened. */
  readonly owner: string | undefined
  /** Undefined until the group has been opened. */
  readonly rights: Rights | undefined
}

/**
 * A name is held from before its group is defined until after its deletion is durable, so none is ever missing. A name
 * that should not be held is found out when its group is opened.
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
    // Throws while damaged names may still be repaired. Once an operator has given them up, their groups do not exist.
    await read.isWhole(oldest)
    const catalogue = new GroupNames(store, added)
    catalogue.changes = changes
    return catalogue
  }

  /** Sorted, because a page of groups goes on behind the last name of the page before. */
  get names(): string[] {
    return [...this.held.keys()].sort()
  }

  has(name: string): boolean {
    return this.held.has(name)
  }

  /** Undefined for a group that has not been opened yet. */
  rightsOf(name: string): Rights | undefined {
    return this.held.get(name)?.rights
  }

  know(name: string, rights: Rights): void {
    if (this.held.has(name)) this.held.set(name, { owner: rights.definedBy, rights })
  }

  /** The names whose owners are not known yet. */
  get ownerless(): string[] {
    return [...this.held].filter(([, { owner }]) => owner === undefined).map(([name]) => name)
  }

  ownedBy(agentId: string): number {
    let count = 0
    for (const { owner } of this.held.values()) if (owner === agentId) count++
    return count
  }

  /** To be called before the definition is written. Throws SUBSCRIPTION_CONFLICT when there are too many groups. */
  add(name: string, owner: string): void {
    if (this.held.has(name)) return
    if (this.held.size >= GROUP_LIMITS.groups) {
      const detail = `There are ${GROUP_LIMITS.groups} subscriptions already, and a server has no more: delete one.`
      throw new StoreError('SUBSCRIPTION_CONFLICT', detail)
    }
    this.held.set(name, { owner, rights: undefined })
    this.changed()
  }

  /** To be called after the deletion is durable, or when the group turns out not to exist. */
  remove(name: string): void {
    if (this.held.delete(name)) this.changed()
  }

  private changed(): void {
    // A failure does no harm: the next start only reads further back.
    if (++this.changes >= CHANGES_BETWEEN_NAMES) this.rewrite().catch(() => undefined)
  }

  /** Writes all names at the end of the log, where the next start finds them first. */
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
