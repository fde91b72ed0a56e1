// Reads the state of a group from the log, backwards by its tag to the event from which the state is known.
import type { Position, RecordedEvent } from '../../contract/event.js'
import type { EventStore } from '../../contract/event-store.js'
import { ProvenRead } from '../../service-streams/damage-proof.js'
import {
  type Change,
  type StateEvent,
  type StatePart,
  SUBSCRIPTIONS_STREAM,
  stateEventOf,
  tagOf,
} from '../state/group-events.js'
import { apply, emptyState, type GroupState } from '../state/group-state.js'
import { stateOf } from '../state/state-rows.js'

/** What the state is built on; events before it need not be read. */
type Base = { readonly parts: readonly StatePart[] } | 'nothing'

export async function readState(store: EventStore, name: string): Promise<GroupState> {
  const read = new ProvenRead(store, SUBSCRIPTIONS_STREAM)
  const { state, oldest } = await stateFrom(read.events({ tags: [tagOf(name)] }, 'desc'))
  // Damage may have taken numbers that are in tokens. A gap keeps such tokens from settling what is handed out now.
  if (!(await read.isWhole(oldest))) state.lastNumber += NUMBERS_LEFT_OUT
  return state
}

/** `oldest` is the position of the oldest event that counts; 0 when all of them do. */
export async function stateFrom(
  newestFirst: AsyncIterable<RecordedEvent> | Iterable<RecordedEvent>,
): Promise<{ readonly state: GroupState; readonly oldest: Position }> {
  const tail = new Tail()
  for await (const event of newestFirst) {
    if (tail.add(stateEventOf(event))) return { state: tail.state(), oldest: event.position }
  }
  return { state: tail.state(), oldest: 0 }
}

/** The most numbers a group uses between two whole states: 1,000 takes of 1,000 events. */
const NUMBERS_LEFT_OUT = 1_000_000

class Tail {
  /** Newest first. */
  private readonly changes: Change[] = []
  /** The parts of one whole state, the last part first. */
  private parts: StatePart[] = []
  private base: Base | undefined

  /** Returns true when older events need not be read. */
  add(event: StateEvent): boolean {
    if (event.type === 'SubscriptionState') return this.part(event)
    this.changes.push(event)
    if (event.type !== 'SubscriptionDefined' && event.type !== 'SubscriptionDeleted') return false
    this.base = 'nothing'
    return true
  }

  /** A crash may have left the first parts of a whole state without the others; such parts are ignored. */
  private part(part: StatePart): boolean {
    if (part.part === part.parts - 1) this.parts = [part]
    else if (this.parts.at(-1)?.part === part.part + 1) this.parts.push(part)
    else return false
    if (part.part > 0) return false
    this.base = { parts: this.parts.reverse() }
    return true
  }

  state(): GroupState {
    const state = this.base === undefined || this.base === 'nothing' ? emptyState() : stateOf(this.base.parts)
    // Without a base, retention has removed the oldest events, and the rest only shows which numbers are used.
    for (const change of this.changes.reverse()) apply(state, change)
    return state
  }
}
