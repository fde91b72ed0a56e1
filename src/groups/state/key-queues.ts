// Events to be handed out in order, in one queue per key: a choice looks at the heads only, however many wait. Pure.
import type { Position, RecordedEvent } from '../../contract/event.js'
import type { Ordering } from './group-definition.js'

export interface Ready {
  readonly position: Position
  readonly stream: string
  readonly correlation: string | undefined
  /** Kept from the reading if there was room; otherwise it is read again when it is handed out. */
  event: RecordedEvent | undefined
}

/** Events with the same key are handed out one after the other; an event without a key waits for no other. */
export function keyOf(
  ordering: Ordering,
  { stream, correlation }: { readonly stream: string; readonly correlation?: string | undefined },
): string | undefined {
  return ordering === 'stream' ? stream : ordering === 'correlation' ? correlation : undefined
}

export class KeyQueues {
  private readonly queues = new Map<string, Ready[]>()
  /** The heads of the queues and all events without a key, in order of position. */
  private first: Ready[] = []

  constructor(readonly ordering: Ordering) {}

  get heads(): readonly Ready[] {
    return this.first
  }

  /** To be called in order of position. */
  add(one: Ready): void {
    const key = keyOf(this.ordering, one)
    const queue = key === undefined ? undefined : this.queues.get(key)
    if (queue !== undefined) {
      queue.push(one)
      return
    }
    if (key !== undefined) this.queues.set(key, [one])
    this.first.push(one)
  }

  /** May be called with heads only; the next event of each key becomes its head. */
  remove(taken: ReadonlySet<Position>): void {
    const left: Ready[] = []
    const next: Ready[] = []
    for (const one of this.first) {
      if (!taken.has(one.position)) left.push(one)
      else next.push(...this.behind(one))
    }
    this.first = next.length === 0 ? left : left.concat(next).sort((a, b) => a.position - b.position)
  }

  private behind(taken: Ready): Ready[] {
    const key = keyOf(this.ordering, taken)
    const queue = key === undefined ? undefined : this.queues.get(key)
    if (key === undefined || queue === undefined) return []
    queue.shift()
    const [next] = queue
    if (next !== undefined) return [next]
    this.queues.delete(key)
    return []
  }
}
