// One replay: it pulls events, folds them, and remembers the damage it passed over.
import type { Position, RecordedEvent } from '../contract/event.js'
import type { DamagedRange, EventStore } from '../contract/event-store.js'
import { Fold, type Folded } from './fold.js'
import type { ReplayRun, Span } from './replay-plan.js'

/** How many damaged ranges are listed at most, because the answer would otherwise grow with the damage. */
const DAMAGED_TOLD = 100

export interface Replayed extends Folded {
  readonly first: Position
  readonly head: Position
  readonly damaged: readonly DamagedRange[]
  /** The position of the kept state it began with; null when it began without one. */
  readonly snapshot: { readonly position: Position } | null
}

export class Replay {
  readonly damaged: DamagedRange[] = []
  private readonly fold: Fold
  private readonly keptAt: Position | undefined

  constructor(
    private readonly store: EventStore,
    private readonly plan: ReplayRun,
    private readonly span: Span,
    kept?: Folded,
  ) {
    this.fold = new Fold(plan.reducer, kept ?? (plan.initial && { ...plan.initial, position: span.after }))
    this.keptAt = kept?.position
  }

  /** Yields each event after it has been folded. */
  async *events(): AsyncGenerator<RecordedEvent, void, void> {
    const { upcasters } = this.plan
    for await (const event of this.pulled()) {
      this.fold.apply(upcasters.latest(event))
      yield event
    }
  }

  /** Folds without handing each event out. An abort ends it early, with a state that is incomplete. */
  async run(signal: AbortSignal): Promise<Replayed> {
    const { upcasters } = this.plan
    for await (const event of this.pulled()) {
      this.fold.apply(upcasters.latest(event))
      if (signal.aborted) break
    }
    return this.replayed
  }

  get folded(): Folded {
    return this.fold.folded
  }

  /** Everything that matches up to its position is in its state, once all events have been pulled. */
  get replayed(): Replayed {
    const { told, first, head } = this.span
    const snapshot = this.keptAt === undefined ? null : { position: this.keptAt }
    return { ...this.fold.folded, position: told, first, head, damaged: this.damaged, snapshot }
  }

  private pulled(): AsyncIterable<RecordedEvent> {
    const { filter, skipDamaged } = this.plan
    const { end } = this.span
    const after = this.keptAt ?? this.span.after
    const note = (range: DamagedRange) => void (this.damaged.length < DAMAGED_TOLD && this.damaged.push(range))
    const onDamaged = skipDamaged ? { onDamaged: note } : undefined
    return this.store.read({ filter, after, before: Math.max(after, end) + 1, ...onDamaged })
  }
}
