// Folds history: for a caller up to a moment, for a snapshot from one position to another; at constant memory, and for callers never more at once than the server can bear.
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

/** Each takes a good part of a core for as long as it lasts. */
const REPLAYS_AT_ONCE = 8
/** Whoever reads none of its answers keeps all of them; the others are to have some, too. */
const REPLAYS_OF_ONE_AGENT = 4

@Injectable()
export class Replays {
  /** Whose replays are running. */
  private readonly running: string[] = []

  constructor(
    readonly store: EventStore,
    readonly kept: SnapshotSource,
    private readonly projections: Projections,
    private readonly upcasting: Upcasting,
  ) {}

  /** With what is registered now: the projection that is named, and the upcasters in force. */
  async plan(asked: ReplayDto, access: Access): Promise<ReplayPlan> {
    const { projection: name, version } = asked
    // A state made with less than what is in force would be wrong in silence.
    if (asked.onDamaged !== 'skip') {
      await this.upcasting.definitions.stream.assertComplete()
      if (name !== undefined) await this.projections.definitions.stream.assertComplete()
    }
    const projection = name === undefined ? undefined : await this.projections.one(name, version)
    return replayPlan(asked, access, { projection, upcasters: await this.upcasting.inForce() })
  }

  /** Nobody waits for the rest once `signal` has aborted. */
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
      // Whoever asks for the state after every event asks for the first ones too.
      yield* replayFrames(await this.replay({ ...plan, keptStates: plan.keptStates && !options.states }, span), options)
    } finally {
      this.running.splice(this.running.indexOf(access.agentId), 1)
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
    // What was being written when a time was looked up may have been before it.
    const { first, head } = this.store.status()
    const span = { after, end: end ?? head, first, head }
    checkKept(plan, span)
    const told = Math.max(await this.told(from, after, access), await this.told(at, span.end, access))
    return { ...span, told }
  }

  /** Where an event lies that may not be read, nobody is to find out by asking for times. */
  private async told(moment: Moment | undefined, position: Position, access: Access): Promise<Position> {
    const within = access.within('events.read')
    if (moment === undefined || !isTime(moment) || within === undefined) return position
    const last = { filter: { within }, before: position + 1, order: 'desc', limit: 1 } as const
    // What is damaged is told by the fold that crosses it.
    for await (const event of this.store.read({ ...last, onDamaged: () => undefined })) return event.position
    return 0
  }

  /** Of a millisecond that is not over yet nobody knows what it will hold. */
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
