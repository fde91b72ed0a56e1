// The memory backend for tests of what knows only the contract: it counts its reads, and can be damaged.
import { MemoryStore } from '../../src/backends/memory/memory-store.js'
import { unreadable } from '../../src/contract/errors.js'
import type { RecordedEvent } from '../../src/contract/event.js'
import type { ReadRequest } from '../../src/contract/event-store.js'

export class WatchedStore extends MemoryStore {
  reads = 0
  /** From this position on nothing can be read. */
  damagedFrom = Number.POSITIVE_INFINITY

  constructor() {
    super({ nodeId: 'n' })
  }

  override read(request: ReadRequest): AsyncIterable<RecordedEvent> {
    this.reads++
    return this.upToDamage(super.read(request), request.onDamaged)
  }

  private async *upToDamage(
    events: AsyncIterable<RecordedEvent>,
    onDamaged: ReadRequest['onDamaged'],
  ): AsyncGenerator<RecordedEvent> {
    for await (const event of events) {
      const { position } = event
      if (position < this.damagedFrom) yield event
      else if (onDamaged === undefined)
        throw unreadable({ from: this.damagedFrom, to: this.damagedFrom, reason: 'it is damaged' })
      else onDamaged({ from: position, to: position, where: 'memory', reason: 'it is damaged' })
    }
  }
}
