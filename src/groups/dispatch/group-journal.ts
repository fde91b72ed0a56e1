// A group's books: its state in memory, what has been read above its floor, and the log in which every change is written.
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
  /** State events after which the whole state is written. */
  readonly changesBetweenStates: number
  /** Wakes those who wait. */
  readonly feed: Feed
  readonly memory: WindowMemory
  /** Whether the tokens of an agent are revoked. */
  readonly isRevoked: (agentId: string) => boolean
}

export class GroupJournal {
  window: Window
  /** Counts what has been written. */
  version = 0
  private readonly outbox: SerialAppender

  constructor(
    readonly name: string,
    readonly world: GroupContext,
    readonly state: GroupState,
    /** Something could not be written: memory says what the log does not, and is to be thrown away. */
    onFailure: (error: unknown) => void,
  ) {
    this.window = this.newWindow()
    this.outbox = new SerialAppender(world.store, name, onFailure)
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return Number(this.world.clock.now() / 1_000_000n)
  }

  /** All that was written is durable. */
  get idle(): boolean {
    return this.outbox.idle
  }

  /** In force at once; resolves when it, and all that was written before it, is durable. */
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

  /** Written anew, so that it stands at the end of the log, where retention does not reach. */
  rewrite(): Promise<void> {
    return this.outbox.write(this.whole())
  }

  /** Nothing of it is kept in memory any more. */
  close(): void {
    this.window.close()
  }

  /** What the window held is read once more when it is wanted: all of it stands in the log. */
  private beginAnew(): void {
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
