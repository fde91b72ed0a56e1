// Scans the events that a plan leaves, in steps and within a budget, and tracks how far it has come.
import type { Position, RecordedEvent } from '../contract/event.js'
import type { EventStore, ReadRequest } from '../contract/event-store.js'
import { Turn } from '../contract/turns.js'
import type { QueryPlan } from './plan-query.js'
import type { ScanBudget } from './query-limits.js'
import type { Order } from './sort-key.js'

/** A step faster than `QUICK_MS` is followed by a larger one, a step slower than `SLOW_MS` by a smaller one. */
const QUICK_MS = 50
const SLOW_MS = 200
const GROWTH = 4

export interface Stretch {
  /** `after` is exclusive, `to` inclusive. */
  readonly after: Position
  readonly to: Position
  /** Whether `to` is the current head; the last read then has no upper bound, so that the store reports a lost tail. */
  readonly atHead: boolean
}

export class QueryWalk {
  /** Counts only events that the caller may query; the number must not reveal others. */
  scanned = 0
  /** Everything on one side of it has been examined: up to it in ascending order, down to it in descending order. */
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

  /** Ends when all is examined or the budget is used up. At least one step is made, so that every page advances. */
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
