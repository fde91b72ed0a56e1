// Folds history for a caller: up to a moment, at constant memory, and never more of it at once than the server can bear.
import { setTimeout as wait } from 'node:timers/promises'
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { type Moment, positionAt } from '../contract/moment.js'
import { Replay, type Replayed, type Span } from './replay.js'
import { type FrameOptions, replayFrames } from './replay-frames.js'
import { checkKept, checkPast, type ReplayPlan } from './replay-plan.js'

/** Each takes a good part of a core for as long as it lasts. */
const REPLAYS_AT_ONCE = 8
/** Whoever reads none of its answers keeps all of them; the others are to have some, too. */
const REPLAYS_OF_ONE_AGENT = 4

@Injectable()
export class Replays {
  /** Whose replays are running. */
  private readonly running: string[] = []

  constructor(private readonly store: EventStore) {}

  /** Nobody waits for the rest once `signal` has aborted. */
  async state(plan: ReplayPlan, access: Access, signal: AbortSignal): Promise<Replayed> {
    const span = await this.spanOf(plan, access)
    this.enter(access)
    try {
      return await new Replay(this.store, plan, span).run(signal)
    } finally {
      this.running.splice(this.running.indexOf(access.agentId), 1)
    }
  }

  async *frames(plan: ReplayPlan, access: Access, options: FrameOptions): AsyncGenerator<string, void, void> {
    const span = await this.spanOf(plan, access)
    this.enter(access)
    try {
      yield* replayFrames(new Replay(this.store, plan, span), options)
    } finally {
      this.running.splice(this.running.indexOf(access.agentId), 1)
    }
  }

  private enter({ agentId }: Access): void {
    const own = this.running.filter(of => of === agentId).length
    if (this.running.length >= REPLAYS_AT_ONCE || own >= REPLAYS_OF_ONE_AGENT) {
      const detail = `${this.running.length} replays are running already, ${own} of them for this agent`
      throw new StoreError('OVERLOADED', detail, { retryAfterSeconds: 1 })
    }
    this.running.push(agentId)
  }

  private async spanOf(plan: ReplayPlan, access: Access): Promise<Span> {
    const { after: from, at } = plan
    const mayRead = (stream: string) => access.covers('events.read', stream)
    for (const [moment, pointer] of [
      [from, '/after'],
      [at, '/at'],
    ] as const)
      if (moment !== undefined) checkPast(moment, this.store.head(), Date.now(), pointer)
    const after = from === undefined ? 0 : await this.positionAt(from, mayRead)
    const end = at === undefined ? undefined : await this.positionAt(at, mayRead)
    // What was being written when a time was looked up may have been before it.
    const { first, head } = this.store.status()
    const span = { after, end: end ?? head, first, head }
    checkKept(plan, span)
    return span
  }

  /** Of a millisecond that is not over yet nobody knows what it will hold. */
  private async positionAt(moment: Moment, mayRead: (stream: string) => boolean): Promise<Position> {
    while ('timeNs' in moment && moment.timeNs >= BigInt(Date.now()) * 1_000_000n) await wait(1)
    return positionAt(this.store, moment, mayRead)
  }
}
