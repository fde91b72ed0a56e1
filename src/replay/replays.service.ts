// Folds history: for a caller up to a moment, for a snapshot from one position to another; at constant memory, and for callers never more at once than the server can bear.
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { positionAt } from '../contract/moment.js'
import { DEFINITION_LIMITS } from './definition-limits.js'
import { Fold, type Folded } from './fold.js'
import { equalFolds } from './fold-text.js'
import type { NamedFold } from './folds.service.js'
import { KeptStates } from './kept-states.service.js'
import { Replay, type Replayed, type Span } from './replay.js'
import { type FrameOptions, replayFrames } from './replay-frames.js'
import { checkPast, type ReplayPlan } from './replay-plan.js'

export { type Folded, STATE_BYTES_MAX } from './fold.js'
/** The rule by which the reducer merges is also the one by which snapshots keep differences. */
export { isMap, mergePatch } from './merge-patch.js'
export { REDUCER_NAMES, type ReducerName } from './reducers.js'

export const PROJECTION_NAME_CHARS_MAX = DEFINITION_LIMITS.projectionNameChars

/** Each takes a good part of a core for as long as it lasts. */
const REPLAYS_AT_ONCE = 8

@Injectable()
export class Replays {
  private running = 0

  constructor(
    private readonly store: EventStore,
    private readonly kept: KeptStates,
  ) {}

  /** Nobody waits for the rest once `signal` has aborted. */
  async state(plan: ReplayPlan, access: Access, signal: AbortSignal): Promise<Replayed> {
    const span = await this.spanOf(plan, access)
    this.enter()
    try {
      return await (await this.replay(plan, span)).run(signal)
    } finally {
      this.running--
    }
  }

  async *frames(plan: ReplayPlan, access: Access, options: FrameOptions): AsyncGenerator<string, void, void> {
    const span = await this.spanOf(plan, access)
    this.enter()
    try {
      // Whoever asks for the state after every event asks for the first ones too.
      yield* replayFrames(await this.replay({ ...plan, keptStates: plan.keptStates && !options.states }, span), options)
    } finally {
      this.running--
    }
  }

  /** The state at `end`, from `from` on, which it may change. Not counted among the callers' replays. */
  async fold({ filter, reducer, upcasters }: NamedFold, span: FoldSpan): Promise<Folded> {
    const { from, end, signal } = span
    const fold = new Fold(reducer, from)
    const after = from?.position ?? 0
    if (end <= after) return { ...fold.folded, position: after }
    for await (const event of this.store.read({ filter, after, before: end + 1 })) {
      signal.throwIfAborted()
      fold.apply(upcasters.latest(event))
    }
    return { ...fold.folded, position: end }
  }

  private async replay(plan: ReplayPlan, span: Span): Promise<Replay> {
    const kept = plan.keptStates ? await this.kept.newest(() => equalFolds(plan.fold), span.end) : undefined
    return new Replay(this.store, plan, span, kept)
  }

  private enter(): void {
    if (this.running >= REPLAYS_AT_ONCE) {
      throw new StoreError('OVERLOADED', `${REPLAYS_AT_ONCE} replays are running already`, { retryAfterSeconds: 1 })
    }
    this.running++
  }

  private async spanOf(plan: ReplayPlan, access: Access): Promise<Span> {
    const head = this.store.head()
    const mayRead = (stream: string) => access.covers('events.read', stream)
    const now = Date.now()
    if (plan.after !== undefined) checkPast(plan.after, head, now, '/after')
    if (plan.at !== undefined) checkPast(plan.at, head, now, '/at')
    const after = plan.after === undefined ? 0 : await positionAt(this.store, plan.after, mayRead)
    const end = plan.at === undefined ? head : Math.min(head, await positionAt(this.store, plan.at, mayRead))
    return { after, end, head }
  }
}

export interface FoldSpan {
  readonly from?: Folded | undefined
  /** Inclusive. */
  readonly end: Position
  readonly signal: AbortSignal
}
