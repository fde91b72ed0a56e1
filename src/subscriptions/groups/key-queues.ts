// What waits to be handed out in an order, one queue for each key: who asks looks at their heads, and not at all that waits. Pure.
import type { Position } from '../../contract/event.js'
import type { Ordering } from './definition.js'
import type { Ready } from './window.js'

/** The events of one key go one after the other; those without a key as they like. */
export function keyOf(
  ordering: Ordering,
  { stream, correlation }: { readonly stream: string; readonly correlation?: string | undefined },
): string | undefined {
  return ordering === 'stream' ? stream : ordering === 'correlation' ? correlation : undefined
}

export class KeyQueues {
  private readonly queues = new Map<string, Ready[]>()
  private keyless: Ready[] = []

  constructor(readonly ordering: Ordering) {}

  /** In order of position. */
  add(one: Ready): void {
    const key = keyOf(this.ordering, one)
    const queue = key === undefined ? this.keyless : this.queues.get(key)
    if (queue !== undefined) queue.push(one)
    else this.queues.set(key as string, [one])
  }

  /** In order of position. */
  heads(): Ready[] {
    const heads = [...this.keyless]
    for (const [head] of this.queues.values()) if (head !== undefined) heads.push(head)
    return heads.sort((a, b) => a.position - b.position)
  }

  /** They were heads. */
  remove(taken: ReadonlySet<Position>): void {
    if (this.keyless.length > 0) this.keyless = this.keyless.filter(({ position }) => !taken.has(position))
    for (const [key, queue] of this.queues) {
      while (queue[0] !== undefined && taken.has(queue[0].position)) queue.shift()
      if (queue.length === 0) this.queues.delete(key)
    }
  }
}
