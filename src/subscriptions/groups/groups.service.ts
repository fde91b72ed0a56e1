// The consumer groups of the server: opened from the log when they are asked for, and what a caller may do with them.
import { Injectable, type OnModuleDestroy } from '@nestjs/common'
import type { Access } from '../../auth/access.js'
import { checkFilter } from '../../contract/check-read.js'
import { SYSTEM_CLOCK } from '../../contract/clock.js'
import { type FieldError, StoreError } from '../../contract/errors.js'
import type { Position } from '../../contract/event.js'
import { EventStore } from '../../contract/event-store.js'
import { FieldFindings } from '../../contract/field-findings.js'
import { Catalogue } from './catalogue.js'
import { Consumer, type ConsumerPart } from './consumer.js'
import { type Definition, filterText, type GroupSettings, sameSettings, settingsOf } from './definition.js'
import type { Group } from './group.js'
import { GROUP_LIMITS, NAME_PATTERN } from './group-limits.js'
import { OpenGroups } from './open-groups.js'
import { type ParkedList, type ParkedPage, parkedOf } from './parked.js'
import type { Progress } from './progress.js'
import { afterOf, startOf } from './start.js'
import type { Delivery } from './takers.js'

export interface Asked extends GroupSettings {
  readonly filter: Definition['filter']
  readonly after: unknown
}

export interface GroupView extends Definition {
  readonly name: string
  readonly progress: Progress
}

export interface Nack {
  readonly tokens: readonly string[]
  readonly action: 'retry' | 'park' | 'skip'
  readonly delaySeconds?: number
  readonly reason?: string
}

/** A consumer that stays, and its way to settle what it was given. */
export interface Consuming {
  ack(tokens: readonly string[]): Promise<number>
  nack(nack: Nack): Promise<number>
  /** What it was given and somebody has settled for it. */
  settled(tokens: readonly string[]): void
  /** It is given nothing more. */
  stop(): void
}

@Injectable()
export class Groups implements OnModuleDestroy {
  private readonly open: OpenGroups
  private names: Promise<Catalogue> | undefined
  private ending = false

  constructor(private readonly store: EventStore) {
    this.open = new OpenGroups({ store, clock: SYSTEM_CLOCK, changesBetweenStates: GROUP_LIMITS.changesBetweenStates })
  }

  /** Whoever waits is answered now with nothing, and can wait elsewhere. */
  onModuleDestroy(): void {
    this.ending = true
    this.open.endAll()
  }

  /** Answers whether it is new. The same again changes nothing, whoever asks. */
  async define(name: string, { filter, after: given, ...settings }: Asked, access: Access): Promise<boolean> {
    checkAsked(name, filter)
    const after = afterOf(given)
    const catalogue = await this.catalogue()
    if ((await this.open.group(name)).definition === undefined) {
      const start = await startOf(this.store, after, access)
      const group = await this.open.group(name)
      // Somebody else may have been faster.
      if (group.definition === undefined) {
        catalogue.add(name)
        await group.define({ filter, after, start, ...settingsOf(settings), definedBy: access.agentId })
        return true
      }
    }
    await this.redefine(await this.open.group(name), { filter, after, settings }, access)
    return false
  }

  private async redefine(
    group: Group,
    { filter, after, settings }: Pick<Definition, 'filter' | 'after'> & { readonly settings: GroupSettings },
    access: Access,
  ): Promise<void> {
    const { definition } = group
    if (definition === undefined) throw missing(group.name)
    const errors: FieldError[] = []
    if (filterText(definition.filter) !== filterText(filter)) errors.push({ pointer: '/filter', detail: FIXED })
    if (definition.after !== after) errors.push({ pointer: '/after', detail: FIXED })
    if (errors.length > 0 || !sameSettings(definition, settings)) mayManage(group, access)
    if (errors.length > 0) {
      throw new StoreError('SUBSCRIPTION_CONFLICT', `The subscription ${group.name} has another definition.`, {
        errors,
      })
    }
    await group.change(settings, access.agentId)
  }

  async list({ after, limit }: { readonly after: string; readonly limit: number }) {
    const names = (await this.catalogue()).names.filter(name => name > after)
    const views: GroupView[] = []
    let last: string | undefined
    for (const name of names) {
      if (views.length === limit) return { subscriptions: views, next: last ?? null }
      const view = await this.view(name).catch((error: unknown) => {
        if (error instanceof StoreError && error.code === 'NOT_FOUND') return undefined
        throw error
      })
      if (view !== undefined) views.push(view)
      last = name
    }
    return { subscriptions: views, next: null }
  }

  async view(name: string): Promise<GroupView> {
    const group = await this.group(name)
    const progress = await group.progress()
    const { definition } = group
    if (definition === undefined) throw missing(name)
    const { filter, after, start, definedBy } = definition
    return { name, filter, after, start, ...settingsOf(definition), definedBy, progress }
  }

  async remove(name: string, access: Access): Promise<void> {
    const group = await this.group(name)
    mayManage(group, access)
    await group.remove(access.agentId)
    const now = await this.open.group(name)
    if (now.definition === undefined) (await this.catalogue()).remove(name)
  }

  /** With a signal: when it aborts before the answer, nothing has been handed out. */
  async take(
    name: string,
    access: Access,
    { max, waitMs, signal }: { readonly max: number; readonly waitMs: number; readonly signal?: AbortSignal },
  ): Promise<readonly Delivery[]> {
    if (this.ending) throw closing()
    const group = await this.group(name)
    return group.take({ ...whoIs(access), max, waitMs, ...(signal === undefined ? {} : { signal }) })
  }

  async ack(name: string, access: Access, tokens: readonly string[]): Promise<number> {
    const group = await this.group(name)
    return group.settle({ tokens, action: 'ack', by: access.agentId, forOthers: manages(group, access) })
  }

  async nack(name: string, access: Access, nack: Nack): Promise<number> {
    const group = await this.group(name)
    return group.settle({ ...nack, by: access.agentId, forOthers: manages(group, access) })
  }

  /** Deliveries come until it stops, the group ends or the server does. */
  async consume(name: string, access: Access, part: ConsumerPart): Promise<Consuming> {
    if (this.ending) throw closing()
    await this.group(name)
    const consumer = new Consumer(() => this.group(name), whoIs(access), part)
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
    return parkedOf(this.store, (await this.group(name)).state, { ...page, covers: whoIs(access).covers })
  }

  async replay(name: string, access: Access, positions: readonly Position[] | undefined): Promise<number> {
    const group = await this.group(name)
    mayManage(group, access)
    return group.replay(positions, access.agentId)
  }

  async discard(name: string, access: Access, positions: readonly Position[] | undefined): Promise<number> {
    const group = await this.group(name)
    mayManage(group, access)
    return group.discard(positions, access.agentId)
  }

  /** Of those that are in memory. */
  async progress(): Promise<ReadonlyMap<string, Progress>> {
    const found = new Map<string, Progress>()
    for (const group of [...this.open.all]) {
      if (group.definition !== undefined) found.set(group.name, await group.progress())
    }
    return found
  }

  /** Writes at the end of the log what all groups are, for the beginning of the log may be removed one day. */
  async rewrite(): Promise<void> {
    const catalogue = await this.catalogue()
    if (catalogue.names.length === 0) return
    for (const name of catalogue.names) {
      const group = await this.open.group(name)
      if (group.definition === undefined) catalogue.remove(name)
      else await group.rewrite()
    }
    await catalogue.rewrite()
  }

  /** One that is defined. */
  private async group(name: string): Promise<Group> {
    const catalogue = await this.catalogue()
    if (!catalogue.has(name)) throw missing(name)
    const group = await this.open.group(name)
    if (group.definition !== undefined) return group
    catalogue.remove(name)
    throw missing(name)
  }

  private catalogue(): Promise<Catalogue> {
    if (this.names !== undefined) return this.names
    const reading = Catalogue.read(this.store)
    this.names = reading
    // What cannot be read now may be readable later.
    reading.catch(() => {
      this.names = undefined
    })
    return reading
  }
}

const FIXED =
  'is not what the subscription was defined with, and cannot be changed: delete it first, or take another name'

function whoIs(access: Access) {
  return { consumer: access.agentId, covers: (stream: string) => access.covers('streams.subscribe', stream) }
}

function manages({ definition }: Group, access: Access): boolean {
  return definition?.definedBy === access.agentId || access.has('admin.write')
}

function mayManage(group: Group, access: Access): void {
  if (manages(group, access)) return
  const detail = `Only the agent that defined the subscription ${group.name}, or one with the scope admin.write, may do this.`
  throw new StoreError('FORBIDDEN', detail)
}

function missing(name: string): StoreError {
  return new StoreError('NOT_FOUND', `There is no subscription named ${NAME_PATTERN.test(name) ? name : 'like this'}.`)
}

function closing(): StoreError {
  return new StoreError('CLOSED', 'The server is shutting down: ask another one.')
}

function checkAsked(name: string, filter: Definition['filter']): void {
  if (!NAME_PATTERN.test(name)) {
    const detail = `the name in the path must be 1 to ${GROUP_LIMITS.nameChars} of A-Z a-z 0-9 _ . - and start with a letter or digit`
    throw new StoreError('INVALID_REQUEST', detail, { errors: [{ pointer: '', detail }] })
  }
  const findings = new FieldFindings()
  checkFilter(filter, '/filter', findings)
  findings.settle()
}
