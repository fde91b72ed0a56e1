// Walks over the events that a plan leaves, step by step, within a budget, and knows at any time how far it has come.
import type { Position, RecordedEvent } from '../contract/event.js'
import type { EventStore, ReadRequest } from '../contract/event-store.js'
import { Turn } from '../contract/turns.js'
import type { QueryPlan } from './plan-query.js'
import type { ScanBudget } from './query-limits.js'
import type { Order } from './sort-key.js'

/** A step that took less is followed by a larger one, one that took more by a smaller one. */
const QUICK_MS = 50
const SLOW_MS = 200
const GROWTH = 4

export interface Stretch {
  /** Exclusive, and inclusive. */
  readonly after: Position
  readonly to: Position
  /** Whether `to` is the head of this moment: then the store tells of what is lost behind it. */
  readonly atHead: boolean
}

export class QueryWalk {
  /** Events that were read and may be seen; the others were never here. */
  scanned = 0
  /** Everything on this side of it has been seen: up to it in ascending, down to it in descending order. */
  at: Position
  private readonly started = performance.now()
  private readonly turn = new Turn()
  private window: number

  constructor(
    private readonly store: EventStore,
    private readonly plan: QueryPlan,
    private readonly stretch: Stretch,
    private readonly how: { readonly order: Order; readonly budget: ScanBudget },
  ) {
    this.window = how.budget.firstWindow
    this.at = this.down ? stretch.to + 1 : stretch.after
  }

  get done(): boolean {
    return this.down ? this.at <= this.stretch.after + 1 : this.at >= this.stretch.to
  }

  get ms(): number {
    return performance.now() - this.started
  }

  private get down(): boolean {
    return this.how.order === 'desc'
  }

  /** Ends when all has been seen, or when the budget is used up. At least one step is made, so that pages come on. */
  async *events(): AsyncGenerator<RecordedEvent, void, void> {
    const { budget } = this.how
    while (!this.done) {
      const begun = performance.now()
      const edge = this.edge()
      for await (const event of this.store.read(this.request(edge))) {
        if (event.position > this.stretch.to) continue
        this.scanned++
        yield event
        this.at = event.position
        if (this.scanned >= budget.events || this.ms >= budget.ms) return
        if (this.turn.isOver) await this.turn.next()
      }
      this.at = edge
      if (this.ms >= budget.ms) return
      this.adapt(performance.now() - begun)
    }
  }

  private edge(): Position {
    const { after, to } = this.stretch
    return this.down ? Math.max(after + 1, this.at - this.window) : Math.min(to, this.at + this.window)
  }

  private request(edge: Position): ReadRequest {
    const { filter, since, until } = this.plan
    const last = this.down ? this.at - 1 : edge
    const open = this.stretch.atHead && last === this.stretch.to
    return {
      filter,
      after: this.down ? edge - 1 : this.at,
      ...(open ? undefined : { before: last + 1 }),
      ...(since === undefined ? undefined : { since }),
      ...(until === undefined ? undefined : { until }),
      order: this.how.order,
    }
  }

  private adapt(ms: number): void {
    if (ms < QUICK_MS) this.window = Math.min(this.window * GROWTH, Number.MAX_SAFE_INTEGER / GROWTH)
    else if (ms > SLOW_MS) this.window = Math.max(Math.ceil(this.window / GROWTH), 1_000)
  }
}
