// Folds history for callers and for snapshots, at constant memory, and for a limited number of callers at once.
import { setTimeout as wait } from 'node:timers/promises'
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { isTime, type Moment, positionAt } from '../contract/moment.js'
import { parseTime } from '../contract/rfc3339.js'
import { Upcasting } from '../upcasting/upcasting.service.js'
import { Fold, type Folded } from './fold.js'
import { equalFolds, type NamedFold } from './fold-descriptor.js'
import { Projections } from './projections.service.js'
import type { ReplayDto } from './replay.dto.js'
import { Replay, type Replayed } from './replay.js'
import { type FrameOptions, replayFrames } from './replay-frames.js'
import { checkKept, checkPast, type ReplayPlan, replayPlan, type Span } from './replay-plan.js'
import { SnapshotSource } from './snapshot-source.service.js'

/** Bounded, because each takes a good part of a core for as long as it lasts. */
const REPLAYS_AT_ONCE = 8
/** Fewer than all, because an agent that does not read its answers keeps its replays open, and others need some. */
const REPLAYS_OF_ONE_AGENT = 4

@Injectable()
export class Replays {
  /** The agents whose replays are running, once for each replay. */
  private readonly running: string[] = []

  constructor(
    readonly store: EventStore,
    readonly kept: SnapshotSource,
    private readonly projections: Projections,
    private readonly upcasting: Upcasting,
  ) {}

  /** Plans with the projection and the upcasters of this moment; later changes do not reach the replay. */
  async plan(asked: ReplayDto, access: Access): Promise<ReplayPlan> {
    const { projection: name, version } = asked
    // If damage took a definition that is in force, a state made without it would be wrong in silence.
    if (asked.onDamaged !== 'skip') {
      await this.upcasting.definitions.stream.assertComplete()
      if (name !== undefined) await this.projections.definitions.stream.assertComplete()
    }
    const projection = name === undefined ? undefined : await this.projections.one(name, version)
    return replayPlan(asked, access, { projection, upcasters: await this.upcasting.inForce() })
  }

  /** Folds no further once `signal` has aborted, because nobody waits for the answer any more. */
  async state(plan: ReplayPlan, access: Access, signal: AbortSignal): Promise<Replayed> {
    const span = await this.spanOf(plan, access)
    this.enter(access)
    try {
      return await (await this.replay(plan, span)).run(signal)
    } finally {
      this.running.splice(this.running.indexOf(access.agentId), 1)
    }
  }

  async *frames(plan: ReplayPlan, access: Access, options: FrameOptions): AsyncGenerator<string, void, void> {
    const span = await this.spanOf(plan, access)
    this.enter(access)
    try {
      // A kept state would leave out the states after the first events, which `states` asks for as well.
      yield* replayFrames(await this.replay({ ...plan, keptStates: plan.keptStates && !options.states }, span), options)
    } finally {
      this.running.splice(this.running.indexOf(access.agentId), 1)
    }
  }

  /** The state at `end`, folded on from `from`, which it changes. Does not count against the limits of callers. */
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
    const after = from === undefined ? 0 : await this.positionAt(from, access, '/after')
    const end = at === undefined ? undefined : await this.positionAt(at, access, '/at')
    // The status is read after the lookups, because an event that one found may be newer than an earlier head.
    const { first, head } = this.store.status()
    const span = { after, end: end ?? head, first, head }
    checkKept(plan, span)
    const told = Math.max(await this.told(from, after, access), await this.told(at, span.end, access))
    return { ...span, told }
  }

  /** For a time, the last position the caller may read, because any other would show when a hidden event was stored. */
  private async told(moment: Moment | undefined, position: Position, access: Access): Promise<Position> {
    const within = access.within('events.read')
    if (moment === undefined || !isTime(moment) || within === undefined) return position
    const last = { filter: { within }, before: position + 1, order: 'desc', limit: 1 } as const
    // Damage is passed over here, because the fold that crosses it reports it.
    for await (const event of this.store.read({ ...last, onDamaged: () => undefined })) return event.position
    return 0
  }

  /** Waits until the millisecond of a time is over, because until then events may still be stored in it. */
  private async positionAt(moment: Moment, access: Access, pointer: string): Promise<Position> {
    checkPast(moment, Date.now(), pointer)
    while (isTime(moment) && parseTime(moment) >= BigInt(Date.now()) * 1_000_000n) await wait(1)
    return positionAt(moment, this.store, stream => access.covers('events.read', stream), pointer)
  }
}

export interface FoldSpan {
  readonly from?: Folded | undefined
  /** Inclusive. */
  readonly end: Position
  readonly signal: AbortSignal
}
