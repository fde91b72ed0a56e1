// Reads what the service wrote down about its groups, newest first, and proves that nothing of it is missing.
import { unreadable } from '../../contract/errors.js'
import type { Position, RecordedEvent } from '../../contract/event.js'
import type { DamagedRange, EventStore } from '../../contract/event-store.js'
import type { EventFilter } from '../../contract/filter.js'
import { unprovenRanges } from '../../service-streams/damage-proof.js'
import { SUBSCRIPTIONS_STREAM } from '../state/group-events.js'

const BOOKS: EventFilter = { streams: [SUBSCRIPTIONS_STREAM] }

/**
 * Damage somewhere in the log is no reason to stop every group. Revisions of a stream are dense: where the books go on
 * behind the damage with the next revision, what is damaged was none of theirs. What cannot be proven so is missing as
 * long as the store waits for its operator, and given up once that has said so and the store takes appends again.
 */
export class Books {
  private readonly damaged: DamagedRange[] = []

  constructor(private readonly store: EventStore) {}

  newestFirst(filter: Pick<EventFilter, 'tags' | 'types'>): AsyncIterable<RecordedEvent> {
    const onDamaged = (range: DamagedRange) => this.damaged.push(range)
    return this.store.read({ filter: { ...BOOKS, ...filter }, order: 'desc', onDamaged })
  }

  /** Whether nothing is missing from this position on. Throws when something is that may yet come back. */
  async areWhole(oldest: Position): Promise<boolean> {
    const [first] = await unprovenRanges(this.store, SUBSCRIPTIONS_STREAM, this.damaged, oldest)
    if (first === undefined) return true
    if (this.store.status().write.writable) return false
    throw unreadable(first, 'what was written there of the subscriptions is not known')
  }
}
