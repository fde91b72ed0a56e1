// One open group: each request is decided against its state in memory and answered when the result is durable.
import { StoreError } from '../../contract/errors.js'
import type { Position } from '../../contract/event.js'
import { shuttingDown } from '../../streaming/draining.service.js'
import { coversAll, type GroupScope } from '../group-scope.js'
import { decideSettle, parkedAmong, type Settlement } from '../state/decide-settle.js'
import {
  type Consumers,
  type Definition,
  type GroupSettings,
  sameConsumers,
  sameSettings,
  settingsOf,
} from '../state/group-definition.js'
import type { Change } from '../state/group-events.js'
import type { GroupState } from '../state/group-state.js'
import { type GroupStatus, groupStatusOf, partOfProgress } from '../state/group-status.js'
import { Dispatcher } from './dispatcher.js'
import { type GroupContext, GroupJournal } from './group-journal.js'
import type { Delivery, Take } from './pending-take.js'

export class Group {
  private readonly ledger: GroupJournal
  private readonly handOut: Dispatcher
  private ended: { readonly error: unknown } | undefined
  private counted: Counted | undefined
  /** Called when the group ends; a listener that no longer waits must remove itself. */
  readonly endListeners = new Set<() => void>()

  /** `onEnd` is called once; the group is of no more use then, and must be opened anew. */
  constructor(
    readonly name: string,
    readonly world: GroupContext,
    readonly state: GroupState,
    private readonly onEnd: (group: Group) => void,
  ) {
    const onFailure = (error: unknown) => this.end(error)
    this.ledger = new GroupJournal(name, world, state, onFailure)
    this.handOut = new Dispatcher(this.ledger, onFailure)
  }

  get definition(): Definition | undefined {
    return this.state.definition
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return this.ledger.now
  }

  /** True when nobody waits and all writes are durable, so that the group may be closed and opened again. */
  get idle(): boolean {
    return this.ledger.idle && this.handOut.waiting.length === 0
  }

  define(definition: Definition): Promise<void> {
    return this.write({ type: 'SubscriptionDefined', definition, lastNumber: this.state.lastNumber })
  }

  /** Returns whether there was something to change. Without `consumers` they stay as they are. */
  async change(asked: GroupSettings, by: string, consumers?: Consumers): Promise<boolean> {
    const { definition } = this
    const before = definition?.consumers ?? NOBODY
    const named = consumers === undefined || sameConsumers(before, consumers) ? {} : { consumers }
    const same = definition !== undefined && sameSettings(definition, asked) && named.consumers === undefined
    const settings = { ...settingsOf(asked), ...named }
    await this.write(...(same ? [] : [{ type: 'SubscriptionChanged', settings, by } as const]))
    return !same
  }

  async remove(by: string): Promise<void> {
    const written = this.write({ type: 'SubscriptionDeleted', by, lastNumber: this.state.lastNumber })
    const deleted = new StoreError('NOT_FOUND', `The subscription ${this.name} has been deleted.`)
    this.end(deleted)
    await written
  }

  take(take: Take): Promise<readonly Delivery[]> {
    if (this.ended !== undefined) return Promise.reject(this.ended.error)
    return this.handOut.take(take)
  }

  /** Settles all or none. Throws STALE_DELIVERY, which names the first tokens that settle nothing. */
  async settle(settlement: Omit<Settlement, 'nowMs'>): Promise<number> {
    const { state, window, now: nowMs } = this.ledger
    const { stale, changes } = decideSettle(state, window, { ...settlement, nowMs })
    // Awaited also with nothing to change, because what settled the tokens before may not be durable yet: neither that
    // they are settled nor that they are refused may be told before.
    await this.write(...changes)
    if (stale.length > 0) throw staleDelivery(stale)
    return settlement.tokens.length
  }

  async replay(positions: readonly Position[] | undefined, by: string): Promise<number> {
    const found = parkedAmong(this.state, positions)
    await this.write(...(found.length === 0 ? [] : [{ type: 'ParkedReplayed', by, positions: found } as const]))
    return found.length
  }

  async discard(positions: readonly Position[] | undefined, by: string): Promise<number> {
    const found = parkedAmong(this.state, positions)
    await this.write(...(found.length === 0 ? [] : [{ type: 'ParkedDiscarded', by, positions: found } as const]))
    return found.length
  }

  /** Writes the whole state at the end of the log, where retention does not reach it. */
  rewrite(): Promise<void> {
    return this.ended === undefined ? this.ledger.rewrite() : Promise.resolve()
  }

  /** Reads on once first, because a group that nobody takes from would otherwise seem to be behind the head. */
  async progress(scope?: GroupScope): Promise<GroupStatus> {
    await this.lookOnce()
    const { definition } = this
    if (scope === undefined || definition === undefined || coversAll(scope, definition))
      return groupStatusOf(this.ledger, this.handOut)
    return partOfProgress(this.ledger, this.handOut, { scope, definition })
  }

  /** Reads on by one event. Damage is not thrown here; the status reports it. */
  async lookOnce(): Promise<void> {
    await this.handOut.further(1).catch((error: unknown) => {
      if (!(error instanceof StoreError && error.code === 'DATA_CORRUPT')) throw error
      this.handOut.damage = error
    })
  }

  /** Like `progress`, but without reading, and counted again only when something has changed. */
  figures(): GroupStatus {
    this.handOut.catchUp()
    const { version, window, now, world } = this.ledger
    const head = world.store.head()
    const known = this.counted
    const holds = known?.version === version && known.read === window.read && known.damage === this.handOut.damage
    if (!holds || known.until <= now) {
      const progress = groupStatusOf(this.ledger, this.handOut)
      const until = progress.nextDue === null ? Number.POSITIVE_INFINITY : Date.parse(progress.nextDue)
      this.counted = { version, read: window.read, damage: this.handOut.damage, until, progress }
    }
    const { progress } = this.counted as Counted
    return { ...progress, head, lag: Math.max(0, head - progress.floor) }
  }

  /** Whether the log has grown beyond what the window has read. */
  get isBehind(): boolean {
    return this.ledger.window.read < this.world.store.head()
  }

  look(): void {
    this.handOut.look()
  }

  /** With an error the takes that wait are rejected with it; without one they are answered with nothing. */
  end(error?: unknown): void {
    if (this.ended !== undefined) return
    this.ended = { error: error ?? shuttingDown() }
    this.handOut.end(error)
    this.ledger.close()
    this.onEnd(this)
    for (const listener of this.endListeners) listener()
  }

  /** Resolves when every write is durable or has failed. Only then may the group be read from the log again. */
  async settled(): Promise<void> {
    await this.ledger.write().catch(() => undefined)
  }

  private write(...changes: readonly Change[]): Promise<void> {
    if (this.ended !== undefined) return Promise.reject(this.ended.error)
    const written = this.ledger.write(...changes)
    if (changes.length > 0) this.look()
    return written
  }
}

/** A status with everything that must be unchanged for it to be reused. */
interface Counted {
  readonly version: number
  readonly read: Position
  readonly damage: StoreError | undefined
  readonly until: number
  readonly progress: GroupStatus
}

const NOBODY: Consumers = { agents: [], roles: [] }

/** The most tokens that one answer names. */
const STALE_SHOWN = 20

function staleDelivery(stale: readonly number[]): StoreError {
  const detail = 'is no delivery of this consumer: settled before, given to another since, or never handed out'
  const errors = stale.slice(0, STALE_SHOWN).map(at => ({ pointer: `/tokens/${at}`, detail }))
  const many = stale.length === 1 ? 'A token' : `${stale.length} tokens`
  return new StoreError('STALE_DELIVERY', `${many} named no delivery that can be settled, so none was.`, { errors })
}
