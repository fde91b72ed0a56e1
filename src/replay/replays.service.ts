// Folds history for a caller: up to a moment, at constant memory, and never more of it at once than the server can bear.
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { StoreError } from '../contract/errors.js'
import { EventStore } from '../contract/event-store.js'
import { positionAt } from '../contract/moment.js'
import { Replay, type Replayed, type Span } from './replay.js'
import { type FrameOptions, replayFrames } from './replay-frames.js'
import { checkPast, type ReplayPlan } from './replay-plan.js'

/** Each takes a good part of a core for as long as it lasts. */
const REPLAYS_AT_ONCE = 8

@Injectable()
export class Replays {
  private running = 0

  constructor(private readonly store: EventStore) {}

  /** Nobody waits for the rest once `signal` has aborted. */
  async state(plan: ReplayPlan, access: Access, signal: AbortSignal): Promise<Replayed> {
    const span = await this.spanOf(plan, access)
    this.enter()
    try {
      return await new Replay(this.store, plan, span).run(signal)
    } finally {
      this.running--
    }
  }

  async *frames(plan: ReplayPlan, access: Access, options: FrameOptions): AsyncGenerator<string, void, void> {
    const span = await this.spanOf(plan, access)
    this.enter()
    try {
      yield* replayFrames(new Replay(this.store, plan, span), options)
    } finally {
      this.running--
    }
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
