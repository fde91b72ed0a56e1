// What waits to be handed out in an order, one queue for each key: who asks looks at their heads, and not at all that waits. Pure.
import type { Position, RecordedEvent } from '../../contract/event.js'
import type { Ordering } from './group-definition.js'

export interface Ready {
  readonly position: Position
  readonly stream: string
  readonly correlation: string | undefined
  /** Kept from the reading when there is room; else it is read once more. */
  event: RecordedEvent | undefined
}

/** The events of one key go one after the other; those without a key as they like. */
export function keyOf(
  ordering: Ordering,
  { stream, correlation }: { readonly stream: string; readonly correlation?: string | undefined },
): string | undefined {
  return ordering === 'stream' ? stream : ordering === 'correlation' ? correlation : undefined
}

export class KeyQueues {
  private readonly queues = new Map<string, Ready[]>()
  /** In order of position, those without a key among them. */
  private first: Ready[] = []

  constructor(readonly ordering: Ordering) {}

  get heads(): readonly Ready[] {
    return this.first
  }

  /** In order of position. */
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

  /** They were heads. */
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
