// What one scope may see of the events a group has in memory; each event is compared with its patterns only once.
import type { Position } from '../contract/event.js'
import { Turn } from '../contract/turns.js'
import { covers, type GroupScope } from './group-scope.js'
import { GROUP_LIMITS } from './state/group-limits.js'
import type { Ready } from './state/key-queues.js'

export class Sight {
  /** Events that were never handed out, in order of position. */
  readonly visible = new Map<Position, Ready>()
  private readonly known = new Map<Position, boolean>()
  isComplete = false
  private looking: Promise<void> | undefined

  constructor(private readonly scope: GroupScope) {}

  /** Also finds events that are added while it runs, because the iteration over a Map reaches them. */
  lookThrough(ready: ReadonlyMap<Position, Ready>): Promise<void> {
    this.looking ??= this.through(ready)
    return this.looking
  }

  private async through(ready: ReadonlyMap<Position, Ready>): Promise<void> {
    const turn = new Turn()
    for (const one of ready.values()) {
      if (covers(this.scope, one.stream)) this.visible.set(one.position, one)
      if (turn.isOver) await turn.next()
    }
    this.isComplete = true
  }

  /** Does nothing before the sight is complete, because lookThrough comes to the event by itself. */
  add(one: Ready): void {
    if (this.isComplete && covers(this.scope, one.stream)) this.visible.set(one.position, one)
  }

  remove(position: Position): void {
    this.visible.delete(position)
  }

  /** Compares events handed out before, in turns, because a choice runs in one piece and must not take long. */
  async learn(older: Iterable<readonly [Position, { readonly stream: string }]>): Promise<void> {
    const turn = new Turn()
    for (const [position, { stream }] of older) {
      this.sees(position, stream)
      if (turn.isOver) await turn.next()
    }
  }

  sees(position: Position, stream: string): boolean {
    const known = this.known.get(position)
    if (known !== undefined) return known
    // A group never has more events than this in flight, retrying and parked together, so the cache need not be larger.
    if (this.known.size >= GROUP_LIMITS.parked) this.known.clear()
    const seen = this.visible.has(position) || covers(this.scope, stream)
    this.known.set(position, seen)
    return seen
  }
}
