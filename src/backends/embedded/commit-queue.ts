// The one writer: it takes what waits, decides it, writes it as one batch, and answers only when that is durable.
import { conflictOf } from '../../contract/conflict.js'
import { StoreError } from '../../contract/errors.js'
import type { NewEvent } from '../../contract/event.js'
import type { Appended, AppendTerms } from '../../contract/event-store.js'
import type { HybridClock } from '../../contract/hybrid-clock.js'
import type { SteadyClock } from '../../contract/steady-clock.js'
import { nextTurn } from '../../contract/turns.js'
import type { PreparedAppend } from '../../record/append-request.js'
import { PackWriter } from '../../record/codec/writer.js'
import type { CommitLog } from '../../record/commit-log.js'
import { type Decision, decide, STORE } from '../../record/decide.js'
import { encodeRecord, type Payload, type Placement } from '../../record/record.js'
import {
  type Admitted,
  attempt,
  indeterminate,
  indexPlaced,
  inWords,
  type Placed,
  type Settle,
  settlementOf,
  type WaitingAppend,
  WaitingAppends,
  withKeyAlone,
} from './admitted.js'
import { ConditionSearch } from './condition-search.js'
import { CostlySearches } from './costly-searches.js'
import { diskErrorCode } from './engine/disk/disk.js'
import { BatchBuffer } from './engine/format/batch-buffer.js'
import type { Log } from './engine/log.js'
import { DamagedEvent } from './entry-reader.js'
import { isKnownDamaged } from './second-opinion.js'
import { withoutNewDamage } from './with-index-repair.js'
import { WriteView } from './write-view.js'

/** Staging may take this long. The clock is read every `STAGE_CHECK` appends only: it costs as much as one append. */
const STAGE_MS = 20
const STAGE_CHECK = 16
/** Deciding appends that look into the log may take this long. Each is measured, because one can take a millisecond. */
const DECIDE_MS = 4

const NO_TERMS: AppendTerms = Object.freeze({})

/** In these states it is not known whether the last batch was stored. */
const UNSURE = new Set(['failed_sync', 'lost_ownership'])

export const QUEUE_LIMITS = Object.freeze({ appends: 65_536, bytes: 128 * 1024 * 1024 })

export interface QueueContext {
  readonly commits: CommitLog<BatchBuffer>
  /** Must be the log behind `commits`: its postings get the offsets that the batch was given there. */
  readonly log: Log
  readonly ids: HybridClock
  readonly ages: SteadyClock
  readonly nodeId: string
  readonly cachedStreams: number
}

export interface QueueListener {
  /** Called once everything up to `head` is durable and indexed, so that it can be read. */
  published(batch: {
    readonly events: number
    readonly bytes: number
    readonly syncMs: number
    readonly head: number
  }): void
  /** Reads from the log what the first request with the key was answered. */
  recall(position: number, events: number): Promise<Appended>
}

/** An append that is part of the batch, or the answer it gets instead. */
type Outcome = Admitted | Settle

export class CommitQueue {
  readonly assigned: WriteView
  /** The appends of the batch that is being written. */
  busyWith: readonly WaitingAppend[] | undefined
  readonly waiting = new WaitingAppends()
  private readonly recalls = new Set<Promise<void>>()
  private readonly out = new PackWriter()
  private readonly batch: BatchBuffer
  private readonly searches: CostlySearches
  private decidingMs = 0
  private draining: Promise<void> | undefined
  private writing: { readonly sinceNs: bigint; readonly committed: Promise<void> } | undefined
  private closed = false
  /** Why nothing is written any more, though the log has not answered. */
  private abandoned: string | undefined

  constructor(
    private readonly world: QueueContext,
    private readonly listener: QueueListener,
  ) {
    this.assigned = new WriteView(world.log, world.ages, world.cachedStreams)
    this.batch = new BatchBuffer(this.out)
    this.searches = new CostlySearches(world.log, append => this.lookedInto(append))
  }

  get queued(): number {
    return this.waiting.count + this.searches.count
  }

  get queuedBytes(): number {
    return this.waiting.bytes
  }

  /**
   * Events in flight have their times already, so a read up to `untilNs` must wait for a batch that may hold earlier
   * ones. Resolves when that batch is over, stored or not; undefined when there is nothing to wait for.
   */
  settled(untilNs: bigint): Promise<void> | undefined {
    const { writing } = this
    return writing !== undefined && writing.sinceNs < untilNs ? writing.committed.catch(() => undefined) : undefined
  }

  append(prepared: PreparedAppend, terms: AppendTerms = NO_TERMS): Promise<Appended> {
    if (this.closed) throw new StoreError('CLOSED', 'the store is closing')
    const isFull = this.queued >= QUEUE_LIMITS.appends || this.waiting.bytes + prepared.bytes > QUEUE_LIMITS.bytes
    if (isFull && terms.urgent === undefined) {
      throw new StoreError('OVERLOADED', `${this.queued} appends are waiting`)
    }
    return this.enqueue(prepared, terms)
  }

  /**
   * Gives up on the batch that is being written, which may still be stored, and on all that waits behind it. The log
   * must take no appends any more. What the disk does with the batch later changes no answer that was given.
   */
  abandon(detail: string): void {
    this.abandoned = detail
    for (const append of this.busyWith ?? []) append.reject(new StoreError('INDETERMINATE', detail))
    const refusal = new StoreError('READ_ONLY', detail)
    while (this.waiting.count > 0) for (const append of this.waiting.take()) this.turnAway(append, refusal)
  }

  /** Answers every append that was accepted; later ones are refused with CLOSED. */
  async close(): Promise<void> {
    this.closed = true
    while ((this.draining !== undefined && this.abandoned === undefined) || this.searches.count > 0) {
      if (this.abandoned === undefined) await this.draining
      await this.searches.close()
    }
    await Promise.all(this.recalls)
  }

  private enqueue(prepared: PreparedAppend, { urgent, refusal }: AppendTerms): Promise<Appended> {
    const { request, payloads, requestHash, spelledHash, bytes } = prepared
    const search = request.condition === undefined ? undefined : new ConditionSearch(request.condition)
    const promise = new Promise<Appended>((resolve, reject) => {
      const append = { request, payloads, requestHash, spelledHash, search, refusal, bytes, resolve, reject }
      this.waiting.add(append, urgent === true)
    })
    this.wake()
    return promise
  }

  private wake(): void {
    if (this.abandoned !== undefined) this.abandon(this.abandoned)
    // The drain begins in a microtask, so that appends made in one synchronous run share the sync.
    else this.draining ??= Promise.resolve().then(() => this.drain())
  }

  /**
   * Searches the condition beside the writer, because here every other append would wait for it. The bytes of the
   * append count as waiting meanwhile.
   */
  private lookInto(append: WaitingAppend): void {
    try {
      if (this.closed) throw new StoreError('CLOSED', 'the store is closing')
      this.searches.add(append)
      this.waiting.hold(append)
    } catch (error) {
      this.turnAway(append, error)
    }
  }

  /** The append is now decided like any other, and its search goes on where it stopped. */
  private lookedInto(append: WaitingAppend): void {
    this.waiting.addHeld(append)
    this.wake()
  }

  private async drain(): Promise<void> {
    while (this.waiting.count > 0) {
      const appends = this.waiting.take()
      this.busyWith = appends
      try {
        await this.world.commits.ready()
        const sinceNs = this.world.ids.latestNs
        const committed = this.commit(appends)
        this.writing = { sinceNs, committed }
        await committed
      } catch (error) {
        for (const append of appends) this.turnAway(append, error)
      }
      this.writing = undefined
    }
    this.busyWith = undefined
    this.draining = undefined
    this.world.commits.idle()
  }

  /**
   * Answers an append that could not be tried. One with a key may repeat an append that was stored, and must then not
   * be called rejected.
   */
  private turnAway(append: WaitingAppend, error: unknown): void {
    const { key } = append.request
    const known = attempt(() => decide(withKeyAlone(append), this.assigned))
    if ('value' in known && (known.value.kind === 'duplicate' || known.value.kind === 'key-reused')) {
      this.answer(append, known.value)()
      return
    }
    const doubt = key === undefined ? undefined : this.doubtAbout(error, 'defect' in known)
    append.reject(doubt ?? inWords(error))
  }

  /**
   * An append with a key may repeat one that is stored. That stays open while the key cannot be looked up, and while it
   * is not known whether the last batch was stored.
   */
  private doubtAbout(error: unknown, isUnreadable: boolean): StoreError | undefined {
    const { write } = this.world.commits
    if (!write.writable && UNSURE.has(write.reason)) return indeterminate(error, write.detail)
    return isUnreadable ? indeterminate(error) : undefined
  }

  private async commit(appends: WaitingAppend[]): Promise<void> {
    const { commits, log } = this.world
    try {
      const outcomes = await withoutNewDamage(log, () => {
        // This runs again after an index was rebuilt, so what was staged before is dropped. The ids it took are lost,
        // which leaves a gap in ids and none in positions.
        this.assigned.forget()
        commits.begin(this.batch)
        return this.stageInTime(appends)
      })
      this.waiting.putBack(appends.splice(outcomes.length))
      const answers = this.batch.frames > 0 ? await this.write(outcomes) : outcomes.map(settlementOf)
      this.assigned.settle()
      for (const answer of answers) answer()
      // A batch that stores nothing waits for no disk, so a row of costly ones would hold the event loop.
      if (this.batch.frames === 0 && this.decidingMs > DECIDE_MS) await nextTurn()
    } catch (error) {
      this.assigned.forget()
      throw error
    }
  }

  /** Stops when deciding or encoding has held the event loop long enough; the rest is decided in the next batch. */
  private stageInTime(appends: readonly WaitingAppend[]): Outcome[] {
    const outcomes: Outcome[] = []
    const started = performance.now()
    this.decidingMs = 0
    for (const append of appends) {
      const outcome = this.stage(append)
      if (outcome === undefined) break
      outcomes.push(outcome)
      if (this.decidingMs > DECIDE_MS) break
      if (outcomes.length % STAGE_CHECK === 0 && performance.now() - started > STAGE_MS) break
    }
    return outcomes
  }

  /**
   * Resolves with the answers once the batch is durable. They and the index are prepared while the disk works, so that
   * they cost no time after the sync.
   */
  private async write(outcomes: readonly Outcome[]): Promise<Settle[]> {
    const { commits, log } = this.world
    const { postings } = log.writing()
    const before = { count: postings.count, head: commits.head, bytes: this.batch.length, at: performance.now() }
    const written = commits.append(this.batch)
    const ready = attempt(() => {
      for (const outcome of outcomes) if (typeof outcome !== 'function') indexPlaced(postings, outcome.placed)
      return outcomes.map(settlementOf)
    })
    try {
      await written
    } catch (error) {
      postings.truncate(before.count)
      throw error
    }
    // The events are stored, but this process failed to index them: it no longer knows where they are.
    if ('defect' in ready) throw commits.poison(ready.defect)
    const syncMs = performance.now() - before.at
    const { head } = commits
    this.listener.published({ events: head - before.head, bytes: before.bytes, syncMs, head })
    return ready.value
  }

  /**
   * Gives the append its place in the batch, or finds the answer it gets instead, which is given after the sync.
   * Undefined when there was no time to compare its condition with the events staged already: the next batch begins
   * with it.
   */
  private stage(append: WaitingAppend): Outcome | undefined {
    try {
      const decision = this.decided(append)
      if (decision.kind === 'store') return this.store(append)
      if (decision.kind !== 'undecided') return this.answer(append, decision)
      return append.search?.isThrough(this.world.log) === true ? undefined : () => this.lookInto(append)
    } catch (error) {
      // Damage that is not known yet is thrown, so that it is looked at again and recorded before anybody hears of it.
      if (error instanceof DamagedEvent && !isKnownDamaged(this.world.log, error.place.position)) throw error
      // An event that cannot be read concerns this append alone, so the rest of the batch goes on.
      const own = error instanceof DamagedEvent || error instanceof StoreError || diskErrorCode(error) !== undefined
      if (!own) throw error
      const refusal = inWords(error)
      return () => append.reject(refusal)
    }
  }

  private decided(append: WaitingAppend): Decision {
    const { key, expectations, condition } = append.request
    if (append.refusal !== undefined) return this.refused(append, append.refusal)
    if (key === undefined && expectations === undefined && condition === undefined) return STORE
    const begun = performance.now()
    try {
      return decide(append, this.assigned)
    } finally {
      this.decidingMs += performance.now() - begun
    }
  }

  /** Neither expectations nor the condition are looked at: what is refused must not tell whether they hold. */
  private refused(append: WaitingAppend, refusal: StoreError): Decision {
    const decision = decide(withKeyAlone(append), this.assigned)
    if (decision.kind === 'store') throw refusal
    return decision
  }

  private answer(append: WaitingAppend, decision: Exclude<Decision, { kind: 'store' | 'undecided' }>): Settle {
    if (decision.kind === 'duplicate') {
      return () => this.recall(append, decision)
    }
    const refusal =
      decision.kind === 'key-reused'
        ? new StoreError(
            'KEY_REUSED',
            `the key ${JSON.stringify(append.request.key)} was used for another request within the last 24 h`,
          )
        : conflictOf(decision.violations)
    return () => append.reject(refusal)
  }

  /** The key proves that it is stored: when the first answer cannot be read, the outcome is not «rejected». */
  private recall(append: WaitingAppend, { position, events }: { position: number; events: number }): void {
    const recall = this.listener
      .recall(position, events)
      .then(append.resolve, error => append.reject(indeterminate(error)))
      .finally(() => this.recalls.delete(recall))
    this.recalls.add(recall)
  }

  private store(append: WaitingAppend): Admitted {
    const { request, requestHash, payloads } = append
    const { events, key } = request
    const firstPosition = this.batch.nextPosition
    // All heads are looked up before the frame begins, because one that cannot be read must leave no half frame.
    const heads = new Map<string, number>()
    for (const { stream } of events) heads.set(stream, this.assigned.streamRevision(stream))
    const keyed =
      key === undefined || requestHash === undefined ? undefined : { key, requestHash, events: events.length }
    const { agentId, correlationId, onBehalfOf, traceparent } = request.author
    const admitted: Placed[] = []
    this.batch.startFrame()
    for (let at = 0; at < payloads.length; at++) {
      const event = events[at] as NewEvent
      const revision = (heads.get(event.stream) as number) + 1
      heads.set(event.stream, revision)
      const { timestampNs, sequence } = at === 0 ? this.world.ids.next() : this.world.ids.following()
      const placement: Placement = {
        position: firstPosition + at,
        revision,
        timestampNs,
        sequence,
        nodeId: this.world.nodeId,
        agentId,
        correlationId: event.correlationId ?? correlationId,
        onBehalfOf,
        traceparent,
        keyed: at === 0 ? keyed : undefined,
      }
      this.batch.startEntry()
      encodeRecord(this.out, event, payloads[at] as Payload, placement)
      const placed = { event, placement, entry: this.batch.endEntry() }
      this.assigned.stage(placed)
      admitted.push(placed)
    }
    this.batch.endFrame()
    return { append, placed: admitted }
  }
}
