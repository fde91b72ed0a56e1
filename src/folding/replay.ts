// One replay on its way: the events it pulls, the fold they go into, and what was passed over.
import type { Position, RecordedEvent } from '../contract/event.js'
import type { DamagedRange, EventStore } from '../contract/event-store.js'
import { Fold, type Folded } from './fold.js'
import type { ReplayRun, Span } from './replay-plan.js'

/** Each is told of; beyond these the answer would grow with the damage. */
const DAMAGED_TOLD = 100

export interface Replayed extends Folded {
  readonly first: Position
  readonly head: Position
  readonly damaged: readonly DamagedRange[]
  /** Where the kept state stood with which it began. */
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

  /** Each has been folded when it is handed out. */
  async *events(): AsyncGenerator<RecordedEvent, void, void> {
    const { upcasters } = this.plan
    for await (const event of this.pulled()) {
      this.fold.apply(upcasters.latest(event))
      yield event
    }
  }

  /** The same without a turn for each event. */
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

  /** Everything that matches up to its position is in its state. */
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
