// The consumer groups of the server: opens them from the log on demand, and checks what a caller may do with them.
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { TokenVerifier } from '../auth/token-verifier.js'
import { WorkBudgets } from '../auth/work-budgets.js'
import { SYSTEM_CLOCK } from '../contract/clock.js'
import { type FieldError, StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import type { EventStore } from '../contract/event-store.js'
import { knownPosition, positionBefore, readAfter } from '../contract/moment.js'
import { Turn } from '../contract/turns.js'
import { Feed } from '../following/feed.js'
import { Draining } from '../streaming/draining.service.js'
import { checkAsked, checkSize } from './check-definition.js'
import { Consumer, type ConsumerPart } from './dispatch/consumer.js'
import type { Group } from './dispatch/group.js'
import { GroupNames } from './dispatch/group-names.js'
import { OpenGroups } from './dispatch/open-groups.js'
import type { Delivery, Take } from './dispatch/pending-take.js'
import { isConsumer, manages, type Rights, sees } from './group-rights.js'
import { scopeOf, visibleWithin, withinOf } from './group-scope.js'
import {
  type Consumers,
  type Definition,
  filterText,
  type GroupSettings,
  sameConsumers,
  sameSettings,
  settingsOf,
} from './state/group-definition.js'
import { GROUP_LIMITS, NAME_PATTERN } from './state/group-limits.js'
import type { GroupStatus } from './state/group-status.js'
import { type ParkedList, type ParkedPage, parkedOf } from './state/parked.js'
import { WindowMemory } from './window-memory.js'

export interface GroupRequest extends GroupSettings {
  readonly filter: Definition['filter']
  readonly after: unknown
  /** Left out: a new group has nobody beside its owner, an existing one keeps its consumers. */
  readonly consumers?: Consumers | undefined
}

export interface GroupView extends Omit<Definition, 'within'> {
  readonly name: string
  readonly consumers: Consumers
  readonly progress: GroupStatus
}

export interface Nack {
  readonly tokens: readonly string[]
  readonly action: 'retry' | 'park' | 'skip'
  readonly delaySeconds?: number
  readonly reason?: string
}

export type TakeAsked = Pick<Take, 'max' | 'waitMs' | 'signal' | 'stillGood'>

/** A running consumer. Settling through it makes room for further deliveries at once. */
export interface Consuming {
  ack(tokens: readonly string[]): Promise<number>
  nack(nack: Nack): Promise<number>
  /** For tokens that were settled elsewhere, so that they no longer take up its room. */
  settled(tokens: readonly string[]): void
  /** It takes nothing more; its unsettled deliveries stay its own until their deadlines. */
  stop(): void
}

/** The most groups that read on for one reading of the metrics, which would otherwise take long with many behind. */
const LOOKED_AT_FOR_METRICS = 16
/** How old the figures of the metrics may be. */
const FIGURES_MS = 1_000

@Injectable()
export class Groups {
  private readonly store: EventStore
  private readonly open: OpenGroups
  private names: Promise<GroupNames> | undefined
  private figures: { readonly at: number; readonly found: Promise<ReadonlyMap<string, GroupStatus>> } | undefined
  /** The name of the group that read on last for the metrics; the next reading goes on behind it. */
  private lookedAt = ''

  constructor(
    feed: Feed,
    verifier: TokenVerifier,
    private readonly budgets: WorkBudgets,
    readonly draining: Draining,
  ) {
    const { store } = feed
    this.store = store
    const isRevoked = (agentId: string) => verifier.revocations.covers(agentId, undefined)
    const { changesBetweenStates } = GROUP_LIMITS
    const memory = new WindowMemory()
    this.open = new OpenGroups({ store, clock: SYSTEM_CLOCK, changesBetweenStates, feed, memory, isRevoked })
    // Takes that wait are answered with nothing at once, so that they do not delay the shutdown.
    draining.register(() => this.open.endAll())
    budgets.countedElsewhere('groups', async agentId => (await this.catalogue()).ownedBy(agentId))
  }

  /** Returns whether the group is new. A consumer may send the definition as it is, which changes nothing. */
  async define(
    name: string,
    { filter, after: given, consumers, ...settings }: GroupRequest,
    access: Access,
  ): Promise<boolean> {
    checkAsked(name, filter, consumers)
    const after = readAfter(given ?? 'head')
    const catalogue = await this.catalogue()
    if ((await this.open.group(name)).definition === undefined) {
      mustBeAllowedToDefine(access)
      const within = withinOf(access)
      checkSize({ filter, after, consumers, ...settings })
      const start = await positionBefore(after, this.store, visibleWithin(within))
      await this.ownersAreKnown(catalogue)
      const group = await this.open.group(name)
      // Another request may have defined the group while this one awaited the position.
      if (group.definition === undefined) {
        const { agentId: definedBy } = access
        // A name that is left over from a definition that failed or a deletion is nobody's, and counts for nobody.
        catalogue.remove(name)
        this.budgets.mustFit('groups', catalogue.ownedBy(definedBy) + 1)
        catalogue.add(name, definedBy)
        const named = { agents: [], roles: [], ...consumers }
        await group.define({ filter, after, start, ...settingsOf(settings), definedBy, consumers: named, within })
        catalogue.know(name, { definedBy, consumers: named })
        return true
      }
    }
    const group = await this.open.group(name)
    await this.redefine(group, { filter, after, settings, consumers }, access)
    if (group.definition !== undefined) catalogue.know(name, group.definition)
    return false
  }

  private async redefine(
    group: Group,
    asked: Pick<Definition, 'filter' | 'after'> & {
      readonly settings: GroupSettings
      readonly consumers: Consumers | undefined
    },
    access: Access,
  ): Promise<void> {
    const { definition } = group
    if (definition === undefined) throw missing(group.name)
    if (!isConsumer(definition, access) && !manages(definition, access)) {
      mustBeAllowedToDefine(access)
      throw new StoreError('SUBSCRIPTION_CONFLICT', `The name ${group.name} is taken.`)
    }
    const { filter, after, settings, consumers } = asked
    const errors: FieldError[] = []
    if (filterText(definition.filter) !== filterText(filter)) errors.push({ pointer: '/filter', detail: FIXED })
    if (definition.after !== after) errors.push({ pointer: '/after', detail: FIXED })
    const others =
      consumers !== undefined && !sameConsumers({ agents: [], roles: [], ...definition.consumers }, consumers)
    if (errors.length > 0 || others || !sameSettings(definition, settings)) {
      mayManage(group.name, definition, access)
      if (!access.has('admin.write')) mustBeAllowedToDefine(access)
    }
    if (errors.length > 0) {
      throw new StoreError('SUBSCRIPTION_CONFLICT', `The subscription ${group.name} has another definition.`, {
        errors,
      })
    }
    if (others) checkSize({ filter, after, consumers, ...settings })
    await group.change(settings, access.agentId, consumers)
  }

  /** A page of the groups that exist for the caller, in the order of their names. */
  async list({ after, limit }: { readonly after: string; readonly limit: number }, access: Access) {
    const views: GroupView[] = []
    let last: string | null = null
    for (const name of (await this.catalogue()).names) {
      if (name <= after) continue
      const group = await this.seen(name, access)
      if (group === undefined) continue
      if (views.length === limit) return { subscriptions: views, next: last }
      const view = await this.viewOf(group, access)
      if (view === undefined) continue
      views.push(view)
      last = name
    }
    return { subscriptions: views, next: null }
  }

  async view(name: string, access: Access): Promise<GroupView> {
    const view = await this.viewOf(await this.group(name, access), access)
    if (view === undefined) throw missing(name)
    return view
  }

  async remove(name: string, access: Access): Promise<void> {
    const group = await this.managed(name, access)
    if (!access.has('admin.write')) mustBeAllowedToDefine(access)
    await group.remove(access.agentId)
    const catalogue = await this.catalogue()
    const now = await this.open.group(name)
    // Nothing is awaited in between, because the name may be defined anew.
    if (now.definition === undefined) catalogue.remove(name)
  }

  /** When the signal aborts before the answer, nothing stays handed out and no attempt is counted. */
  async take(name: string, access: Access, asked: TakeAsked): Promise<readonly Delivery[]> {
    this.draining.assertOpen()
    const group = await this.consumed(name, access)
    if (asked.waitMs === 0) return group.take({ ...whoIs(access), ...asked })
    const release = this.budgets.take(access.agentId, 'waits')
    try {
      const given = await group.take({ ...whoIs(access), ...asked })
      if (given.length === 0) await asked.stillGood?.()
      return given
    } finally {
      release()
    }
  }

  async ack(name: string, access: Access, tokens: readonly string[]): Promise<number> {
    const { group, forOthers } = await this.settled(name, access)
    return group.settle({ tokens, action: 'ack', by: access.agentId, forOthers })
  }

  async nack(name: string, access: Access, nack: Nack): Promise<number> {
    const { group, forOthers } = await this.settled(name, access)
    return group.settle({ ...nack, by: access.agentId, forOthers })
  }

  /** Resolves when the rights are checked. Deliveries come until it is stopped, or the group or the server ends. */
  async consume(
    name: string,
    access: Access,
    { stillGood, ...part }: ConsumerPart & Pick<Take, 'stillGood'>,
  ): Promise<Consuming> {
    this.draining.assertOpen()
    await this.consumed(name, access)
    const who = { ...whoIs(access), ...(stillGood === undefined ? {} : { stillGood }) }
    const consumer = new Consumer(() => this.consumed(name, access), who, part)
    const told = (tokens: readonly string[]) => (count: number) => {
      consumer.settled(tokens)
      return count
    }
    return {
      ack: tokens => this.ack(name, access, tokens).then(told(tokens)),
      nack: nack => this.nack(name, access, nack).then(told(nack.tokens)),
      settled: tokens => consumer.settled(tokens),
      stop: () => consumer.stop(),
    }
  }

  async parked(name: string, access: Access, page: ParkedPage): Promise<ParkedList> {
    const { state } = await this.group(name, access)
    knownPosition(page.after, this.store.head())
    return parkedOf(this.store, state, { ...page, scope: scopeOf(access), whole: access.has('admin.read') })
  }

  async replay(name: string, access: Access, positions: readonly Position[] | undefined): Promise<number> {
    return (await this.managed(name, access)).replay(positions, access.agentId)
  }

  async discard(name: string, access: Access, positions: readonly Position[] | undefined): Promise<number> {
    return (await this.managed(name, access)).discard(positions, access.agentId)
  }

  /** The status of the groups in memory, for the metrics; computed at most once a second. */
  progress(): Promise<ReadonlyMap<string, GroupStatus>> {
    const now = performance.now()
    if (this.figures === undefined || now - this.figures.at > FIGURES_MS) {
      this.figures = { at: now, found: this.counted() }
    }
    return this.figures.found
  }

  private async counted(): Promise<ReadonlyMap<string, GroupStatus>> {
    const found = new Map<string, GroupStatus>()
    const turn = new Turn()
    const defined = [...this.open.all].filter(({ definition }) => definition !== undefined)
    const behind = defined.filter(({ isBehind }) => isBehind)
    const next = behind.findIndex(({ name }) => name === this.lookedAt) + 1
    for (const group of [...behind.slice(next), ...behind.slice(0, next)].slice(0, LOOKED_AT_FOR_METRICS)) {
      // The error is reported to the callers who use the group; the metrics report what memory holds.
      await group.lookOnce().catch(() => undefined)
      this.lookedAt = group.name
    }
    for (const group of defined) {
      if (group.definition !== undefined) found.set(group.name, group.figures())
      if (turn.isOver) await turn.next()
    }
    return found
  }

  /** Writes the states of all groups at the end of the log, because retention may remove its beginning. */
  async rewrite(): Promise<void> {
    const catalogue = await this.catalogue()
    if (catalogue.names.length === 0) return
    for (const name of catalogue.names) {
      const group = await this.open.group(name)
      if (group.definition === undefined) catalogue.remove(name)
      else {
        catalogue.know(name, group.definition)
        await group.rewrite()
      }
    }
    await catalogue.rewrite()
  }

  /** Throws NOT_FOUND also for a group that exists, but not for this caller. */
  private async group(name: string, access: Access): Promise<Group> {
    const group = await this.seen(name, access)
    if (group === undefined) throw missing(name)
    return group
  }

  /** Looks at the rights that are known first, so that a caller cannot have groups opened that it may not see. */
  private async seen(name: string, access: Access): Promise<Group | undefined> {
    const catalogue = await this.catalogue()
    const known = catalogue.rightsOf(name)
    if (!catalogue.has(name) || (known !== undefined && !sees(known, access))) return undefined
    const group = await this.open.group(name)
    const { definition } = group
    if (definition === undefined) {
      catalogue.remove(name)
      return undefined
    }
    catalogue.know(name, definition)
    return sees(definition, access) ? group : undefined
  }

  private async consumed(name: string, access: Access): Promise<Group> {
    const group = await this.group(name, access)
    if (isConsumer(group.definition as Rights, access)) return group
    throw new StoreError('FORBIDDEN', `The subscription ${name} names this agent and its role among no consumers.`)
  }

  private async managed(name: string, access: Access): Promise<Group> {
    const group = await this.group(name, access)
    mayManage(name, group.definition as Rights, access)
    return group
  }

  /** A caller who manages the group may settle deliveries of others, and need not be a consumer. */
  private async settled(name: string, access: Access): Promise<{ readonly group: Group; readonly forOthers: boolean }> {
    const group = await this.group(name, access)
    const forOthers = manages(group.definition as Rights, access)
    return forOthers ? { group, forOthers } : { group: await this.consumed(name, access), forOthers }
  }

  private async viewOf(group: Group, access: Access): Promise<GroupView | undefined> {
    const progress = await group.progress(access.has('admin.read') ? undefined : scopeOf(access))
    const { definition, name } = group
    if (definition === undefined) return undefined
    const { filter, after, start, definedBy, consumers = { agents: [], roles: [] } } = definition
    return { name, filter, after, start, ...settingsOf(definition), definedBy, consumers, progress }
  }

  /** Opens the groups whose names were written without owners, so that the limit of groups per agent counts them. */
  private async ownersAreKnown(catalogue: GroupNames): Promise<void> {
    for (const name of catalogue.ownerless) {
      const { definition } = await this.open.group(name)
      if (definition === undefined) catalogue.remove(name)
      else catalogue.know(name, definition)
    }
  }

  private catalogue(): Promise<GroupNames> {
    if (this.names !== undefined) return this.names
    const reading = GroupNames.read(this.store)
    this.names = reading
    // The failed read is not kept, because the next one may succeed.
    reading.catch(() => {
      this.names = undefined
    })
    return reading
  }
}

const FIXED =
  'is not what the subscription was defined with, and cannot be changed: delete it first, or take another name'

function whoIs(access: Access) {
  return { consumer: access.agentId, scope: scopeOf(access) }
}

function mustBeAllowedToDefine(access: Access): void {
  if (!access.has('subscriptions.manage')) {
    throw new StoreError('FORBIDDEN', 'The token lacks the scope subscriptions.manage')
  }
}

function mayManage(name: string, rights: Rights, access: Access): void {
  if (manages(rights, access)) return
  const detail = `Only the agent that defined the subscription ${name}, or one with the scope admin.write, may do this.`
  throw new StoreError('FORBIDDEN', detail)
}

function missing(name: string): StoreError {
  return new StoreError('NOT_FOUND', `There is no subscription named ${NAME_PATTERN.test(name) ? name : 'like this'}.`)
}
