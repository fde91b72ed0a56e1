// Reads a stream of the service's own and proves that damage in the log took nothing of it. Damage somewhere is no reason to distrust every stream.
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

  /** Events that can be read; what is damaged among them is remembered. */
  events(filter: Pick<EventFilter, 'tags' | 'types'>, order: 'asc' | 'desc'): AsyncIterable<RecordedEvent> {
    const onDamaged = (range: DamagedRange) => void this.damaged.push(range)
    return this.store.read({ filter: { ...filter, streams: [this.stream] }, order, onDamaged })
  }

  /** The ranges in which events of the stream may have stood, of those from `oldest` on. */
  async unproven(oldest: Position = 0): Promise<DamagedRange[]> {
    const unproven: DamagedRange[] = []
    for (const range of this.damaged) {
      if (range.to >= oldest && !(await this.goesOnBehind(range))) unproven.push(range)
    }
    return unproven
  }

  /** Whether nothing is missing from this position on. Throws when something is that may yet come back. */
  async isWhole(oldest: Position): Promise<boolean> {
    const unproven = await this.unproven(oldest)
    assertGivenUp(this.store, this.stream, unproven)
    return unproven.length === 0
  }

  /** Revisions are dense: where the stream goes on behind the damage with the next one, nothing damaged was its own. */
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
 * Throws when damage may have taken events of the stream, because then nobody knows what is in force. An operator who
 * lets a damaged store take appends again has given up what the damage took.
 */
export function assertGivenUp(store: EventStore, stream: string, [first]: readonly DamagedRange[]): void {
  if (first === undefined || store.status().write.writable) return
  throw unreadable(first, `what was written there to ${stream} is not known`)
}
