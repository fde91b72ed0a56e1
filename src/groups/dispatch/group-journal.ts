// The journal of a group: its state in memory, its window, and the log to which every change is written.
import type { Clock } from '../../contract/clock.js'
import type { EventStore } from '../../contract/event-store.js'
import type { Feed } from '../../following/feed.js'
import type { Change, StateEvent } from '../state/group-events.js'
import { apply, type GroupState } from '../state/group-state.js'
import { partsOf } from '../state/state-rows.js'
import { Window } from '../state/window.js'
import type { WindowMemory } from '../window-memory.js'
import { SerialAppender } from './serial-appender.js'

export interface GroupContext {
  readonly store: EventStore
  readonly clock: Clock
  /** After so many state events the whole state is written, which bounds what is read to open the group. */
  readonly changesBetweenStates: number
  readonly feed: Feed
  readonly memory: WindowMemory
  /** Whether the tokens of an agent are revoked. */
  readonly isRevoked: (agentId: string) => boolean
}

export class GroupJournal {
  window: Window
  /** Grows with every write, so that figures computed from the state can be recognised as outdated. */
  version = 0
  private readonly outbox: SerialAppender

  constructor(
    readonly name: string,
    readonly world: GroupContext,
    readonly state: GroupState,
    /** Called when a write fails. The state in memory is then ahead of the log and must be thrown away. */
    onFailure: (error: unknown) => void,
  ) {
    this.window = this.newWindow()
    this.outbox = new SerialAppender(world.store, name, onFailure)
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return Number(this.world.clock.now() / 1_000_000n)
  }

  /** True when everything that was written is durable. */
  get idle(): boolean {
    return this.outbox.idle
  }

  /** Changes the state at once; resolves when these changes, and all that were written before, are durable. */
  write(...changes: readonly Change[]): Promise<void> {
    const events: StateEvent[] = []
    for (const change of changes) {
      apply(this.state, change)
      events.push(change)
      if (change.type === 'SubscriptionDefined') this.beginAnew()
    }
    this.version++
    this.window.trim(this.state)
    if (this.state.changes >= this.world.changesBetweenStates) events.push(...this.whole())
    return this.outbox.write(events)
  }

  /** Writes the whole state at the end of the log, where retention does not reach it. */
  rewrite(): Promise<void> {
    return this.outbox.write(this.whole())
  }

  /** Gives back the window's share of the memory that all groups have together. */
  close(): void {
    this.window.close()
  }

  /** Nothing is lost: what the window held is in the log and is read again when it is wanted. */
  beginAnew(): void {
    this.window.close()
    this.window = this.newWindow()
  }

  private newWindow(): Window {
    return new Window(this.state.floor, this.world.memory, () => this.beginAnew())
  }

  private whole(): StateEvent[] {
    this.state.changes = 0
    return partsOf(this.state)
  }
}
