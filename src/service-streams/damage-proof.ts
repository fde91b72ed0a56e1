// Reads a service stream and proves which damage took none of its events, so that damage elsewhere does not stop it.
import { unreadable } from '../contract/errors.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import type { DamagedRange, EventStore, ReadRequest } from '../contract/event-store.js'
import type { EventFilter } from '../contract/filter.js'

const passOver = () => undefined

export class ProvenRead {
  private readonly damaged: DamagedRange[] = []

  constructor(
    private readonly store: EventStore,
    private readonly stream: string,
  ) {}

  /** Yields the events that can be read, and remembers the damage met for `unproven` to judge afterwards. */
  events(filter: Pick<EventFilter, 'tags' | 'types'>, order: 'asc' | 'desc'): AsyncIterable<RecordedEvent> {
    const onDamaged = (range: DamagedRange) => void this.damaged.push(range)
    return this.store.read({ filter: { ...filter, streams: [this.stream] }, order, onDamaged })
  }

  /** The damaged ranges that reach `oldest` or beyond and may have held events of the stream. */
  async unproven(oldest: Position = 0): Promise<DamagedRange[]> {
    const unproven: DamagedRange[] = []
    for (const range of this.damaged) {
      if (range.to >= oldest && !(await this.goesOnBehind(range))) unproven.push(range)
    }
    return unproven
  }

  /** Whether nothing is missing from `oldest` on. Throws when events may be missing that nobody has given up. */
  async isWhole(oldest: Position): Promise<boolean> {
    const unproven = await this.unproven(oldest)
    assertGivenUp(this.store, this.stream, unproven)
    return unproven.length === 0
  }

  /** Revisions are dense: when the stream goes on behind the damage with the next one, the damage took none of it. */
  private async goesOnBehind({ from, to }: DamagedRange): Promise<boolean> {
    const before = await this.nearestRevision({ before: from, order: 'desc' })
    const behind = await this.nearestRevision({ after: to })
    return behind !== undefined && behind === (before ?? -1) + 1
  }

  private async nearestRevision(from: Pick<ReadRequest, 'before' | 'after' | 'order'>): Promise<number | undefined> {
    const request = { filter: { streams: [this.stream] }, limit: 1, onDamaged: passOver, ...from }
    for await (const { revision } of this.store.read(request)) return revision
    return undefined
  }
}

/**
 * Throws when damage may have taken events of the stream, because then nobody knows what is in force. It does not
 * throw once the store takes appends again, because by allowing them an operator has given up what the damage took.
 */
export function assertGivenUp(store: EventStore, stream: string, [first]: readonly DamagedRange[]): void {
  if (first === undefined || store.status().write.writable) return
  throw unreadable(first, `what was written there to ${stream} is not known`)
}
