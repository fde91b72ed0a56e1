// A group's books: its state in memory, what has been read above its floor, and the log in which every change is written.
import type { Clock } from '../../contract/clock.js'
import type { EventStore } from '../../contract/event-store.js'
import type { Change, StateEvent } from './group-events.js'
import { apply, type GroupState } from './group-state.js'
import { Outbox } from './outbox.js'
import { partsOf } from './state-rows.js'
import { Window } from './window.js'

export interface GroupWorld {
  readonly store: EventStore
  readonly clock: Clock
  /** State events after which the whole state is written. */
  readonly changesBetweenStates: number
}

export class Ledger {
  window: Window
  private readonly outbox: Outbox

  constructor(
    readonly name: string,
    readonly world: GroupWorld,
    readonly state: GroupState,
    /** Something could not be written: memory says what the log does not, and is to be thrown away. */
    onFailure: (error: unknown) => void,
  ) {
    this.window = new Window(state.floor)
    this.outbox = new Outbox(world.store, name, onFailure)
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
      if (change.type === 'SubscriptionDefined') this.window = new Window(this.state.floor)
    }
    this.window.trim(this.state)
    if (this.state.changes >= this.world.changesBetweenStates) events.push(...this.whole())
    return this.outbox.write(events)
  }

  /** Written anew, so that it stands at the end of the log, where retention does not reach. */
  rewrite(): Promise<void> {
    return this.outbox.write(this.whole())
  }

  private whole(): StateEvent[] {
    this.state.changes = 0
    return partsOf(this.state)
  }
}
