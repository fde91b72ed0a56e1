// Runs the log: it holds the one writer, the segments and the state, and makes every change to the log, one at a time.
import type { DiskLock } from './disk/disk.js'
import { isNoDescriptor, isNoSpace, Latched, OwnershipLost } from './disk/latch.js'
import type { Reserve } from './disk/reserve.js'
import type { BatchBuffer, BatchPlace } from './format/batch-buffer.js'
import { beginningOf, type ReadableLog } from './readable-log.js'
import type { Floor } from './recovery/floor.js'
import { FoundDamage } from './recovery/found-damage.js'
import { IndexRebuilds } from './recovery/index-rebuilds.js'
import type { Recovered } from './recovery/recover.js'
import { type RotatedSegment, Rotation, type RotationLimits } from './rotation.js'
import { describeDamage, type KnownDamage } from './segment/accepted-damage.js'
import { type ActiveSegment, NoRoom } from './segment/active-segment.js'
import type { EngineContext } from './segment/engine-context.js'
import { indexOf, indexPath } from './segment/load-segment.js'
import type { SealedSegment, Segment } from './segment/sealed-segment.js'
import type { SealedSegments, SegmentFile } from './segment/sealed-segments.js'
import { PooledBytes } from './segment/segment-bytes.js'
import { GrowingList, type SegmentList } from './segment/segment-list.js'

export type LogState = 'writable' | 'closed' | 'corrupt' | 'disk_full' | 'failed_sync' | 'lost_ownership'

/** The batch is not stored, and the caller may send it again. */
export class BatchRejected extends Error {
  override readonly name = 'BatchRejected'
}

/** The batch may or may not be stored: only a start that reads the disk can find out. */
export class BatchIndeterminate extends Error {
  override readonly name = 'BatchIndeterminate'
}

export interface LogLimits extends RotationLimits {
  /** A segment larger than this is sealed at a clean stop, so that the next start does not have to read it. */
  readonly sealOnCloseBytes: number
  readonly idleMarkMs: number
}

export interface LogParts {
  readonly context: EngineContext
  readonly limits: LogLimits
  readonly lock: DiskLock
  readonly reserve: Reserve
}

export interface LogListener {
  state(state: LogState, detail: string): void
  rotated(segment: RotatedSegment): void
}

export class Log implements ReadableLog {
  private readonly sealed: SealedSegments
  private active: ActiveSegment | undefined
  private readonly tail: Segment | undefined
  private readonly found: FoundDamage
  private readonly rebuilds: IndexRebuilds
  private readonly rotation: Rotation
  private floorNow: Floor
  private stateNow: LogState = 'writable'
  private detail = ''
  private marking: Promise<void> | undefined
  private markTimer: NodeJS.Timeout | undefined

  constructor(
    private readonly parts: LogParts,
    readonly recovered: Recovered,
    private readonly listener: LogListener,
  ) {
    this.sealed = recovered.segments.sealed
    this.active = recovered.segments.active
    this.tail = recovered.segments.tail
    this.found = new FoundDamage(parts, recovered.damage, why => this.enter('corrupt', why))
    this.rebuilds = new IndexRebuilds(parts.context, damage => this.found.note(...damage))
    this.rotation = new Rotation(parts.context, parts.limits, recovered, segment => listener.rotated(segment))
    this.floorNow = recovered.floor
    const { unaccepted } = recovered.damage
    const [first] = unaccepted
    if (first !== undefined) this.enter('corrupt', describeDamage(first, unaccepted.length))
    else if (this.active === undefined) this.enter('disk_full', 'the disk has no room to begin a new segment')
  }

  get context(): EngineContext {
    return this.parts.context
  }

  get state(): LogState {
    return this.stateNow
  }

  /** False once another process may own the directory. This process must not remove or replace anything there then. */
  get owned(): boolean {
    return this.parts.lock.held()
  }

  get isClosed(): boolean {
    return this.stateNow === 'closed'
  }

  get stateDetail(): string {
    return this.detail
  }

  get head(): number {
    return this.active?.head ?? this.recovered.head
  }

  get firstPosition(): number {
    const kept = this.sealed.first ?? this.active?.identity.firstPosition
    return beginningOf(kept, this.recovered.damage.found, this.floorNow)
  }

  /** The segments in the order of their positions. The last one may still grow. */
  segments(): SegmentList {
    // Halfway through a rotation the active segment is already listed as sealed, so adding it would list it twice.
    if (this.rotation.halfway) return this.sealed
    const last = this.active === undefined ? this.tail : this.asSegment(this.active)
    return last === undefined ? this.sealed : new GrowingList(this.sealed, last)
  }

  /** Where the kept log begins after retention, and what is still known of the events before that position. */
  get floor(): Floor {
    return this.floorNow
  }

  raiseFloor(floor: Floor): void {
    this.floorNow = floor
  }

  sealedSegments(): SealedSegments {
    return this.sealed
  }

  /** The segment being written. It is undefined where there is none, as after a start that found no room. */
  get current(): ActiveSegment | undefined {
    return this.active
  }

  /** The segment being written. Throws BatchRejected where `current` is undefined. */
  writing(): ActiveSegment {
    if (this.active === undefined) throw new BatchRejected('the log is read-only')
    return this.active
  }

  nextBatchPlace(): BatchPlace {
    const { currentTip: tip, identity } = this.writing()
    return {
      offset: tip.end,
      batch: tip.batch + 1,
      nextPosition: tip.nextPosition,
      chain: tip.chain,
      salt: identity.salt,
    }
  }

  /**
   * The caller awaits this before it encodes a batch, because a batch is encoded for its place in one segment and
   * cannot be moved to the next. It resumes after a full disk, and rotates when that is due.
   */
  async ready(): Promise<void> {
    if (this.stateNow === 'disk_full') await this.tryResume()
    if (this.stateNow !== 'writable') throw new BatchRejected(this.detail)
    this.mustOwn()
    // A mark that is written while the segment is sealed would change bytes that are hashed already.
    clearTimeout(this.markTimer)
    await this.marking
    if (this.rotation.halfway || this.rotation.isDue(this.writing())) await this.rotate()
  }

  private async rotate(): Promise<void> {
    const old = this.writing()
    try {
      if (!this.rotation.halfway && !(await this.rotation.begin(old))) return
      this.mustOwn()
      await this.rotation.finish(next => {
        this.active = next
      })
    } catch (error) {
      if (isNoDescriptor(error)) throw new BatchRejected('no free descriptor to begin a new segment', { cause: error })
      throw await this.refusal(error)
    }
    // The segment is sealed and durable already, so nothing is lost when the close fails.
    await old.close().catch(error => this.context.observer.warned('a sealed segment was not closed', String(error)))
  }

  /** A suspended process may wake up after another took the directory, and must not begin a segment among its files. */
  private mustOwn(): void {
    if (this.owned) return
    this.enter('lost_ownership', 'another process took over the data directory')
    throw new BatchRejected(this.detail)
  }

  /** Resolves when the batch is durable and this process was still the owner afterwards. */
  async commit(batch: BatchBuffer): Promise<void> {
    try {
      await this.writing().commit(batch, () => this.owned)
    } catch (error) {
      throw await this.refusal(error)
    }
  }

  /** The queue calls this when nothing waits. The mark is written once no append has come for `idleMarkMs`. */
  idle(): void {
    const { idleMarkMs } = this.parts.limits
    if (idleMarkMs === 0 || this.active?.unmarked !== true) return
    clearTimeout(this.markTimer)
    this.markTimer = setTimeout(() => this.startMark(), idleMarkMs).unref()
  }

  /** Writes how far the segment is durable, so that damage before that point is never taken for a torn write (C4). */
  async mark(clean = false): Promise<void> {
    const { active } = this
    if (active === undefined || this.stateNow !== 'writable' || !(clean || active.unmarked)) return
    // A sealed segment is not written to any more, because its hash covers the marks.
    if (this.rotation.halfway) return
    try {
      await active.mark(clean)
    } catch (error) {
      await this.refusal(error)
    }
  }

  /** Resolves when no mark and no index is being written. */
  async settled(): Promise<void> {
    await this.marking
    await this.rotation.settled()
  }

  /** The lock is released even where closing fails, because the next process could not open the directory otherwise. */
  close(inOrder = true): Promise<void> {
    return this.closeFiles(inOrder).finally(() => this.parts.lock.release())
  }

  private async closeFiles(inOrder: boolean): Promise<void> {
    clearTimeout(this.markTimer)
    await this.settled()
    const mayWrite = inOrder && this.stateNow === 'writable' && this.owned
    if (mayWrite && this.active !== undefined && !this.rotation.halfway) {
      await this.mark(true)
      if (this.active.end > this.parts.limits.sealOnCloseBytes)
        await this.rotation.sealLast(this.active).catch(error => this.refusal(error))
      await this.rotation.settled()
    }
    await this.found.close()
    this.enter('closed', 'the store is closed')
    await this.active?.close()
    await this.rotation.close()
    await this.context.files.pool.closeAll()
  }

  /** The damage that the start found, and that was found since. */
  get damage(): readonly KnownDamage[] {
    return this.found.list
  }

  /** Resolves when damage is written down and appends are refused: the caller may report it only then (N7). */
  noteDamage(...damage: readonly KnownDamage[]): Promise<void> {
    return this.found.note(...damage)
  }

  /** The damage that keeps the log from taking appends. */
  get openDamage(): readonly KnownDamage[] {
    return this.found.open
  }

  /** A damaged sealed segment was put back: reads find it, its damage is forgotten, and the log may go on. */
  async healed(file: SegmentFile): Promise<void> {
    const postings = await indexOf(this.context, file)
    this.sealed.replace({ ...file, postings })
    this.rebuilds.forget(file.identity)
    const isForgotten = await this.found.forget(file.footer)
    if (!isForgotten || this.stateNow !== 'corrupt' || this.found.open.length > 0) return
    // A log that was damaged at its start has no segment to write to, and begins one at the next start.
    if (this.active === undefined || this.context.files.latch.latched) return
    this.set('writable', '')
  }

  indexPathOf(segment: SealedSegment): string {
    return indexPath(this.context.files.layout, segment.sealed.identity)
  }

  /** Rebuilds the index of a sealed segment, for a caller that found it unreadable or pointing to a wrong place. */
  rebuildIndexOf(segment: SealedSegment): Promise<void> {
    return this.rebuilds.of(segment)
  }

  /** Rebuilds the index, unless an earlier rebuild has shown that the log itself is damaged, and then looks again. */
  doubtIndexOf<T>(segment: SealedSegment, look: () => Promise<T | undefined>): Promise<T | undefined> {
    return this.rebuilds.inDoubt(segment, look)
  }

  /** The list of segments is changed before a file is, so there is nothing to look for. */
  async relocated(): Promise<boolean> {
    return false
  }

  /** The latch calls this when it trips, so that the state is known before the failed operation has returned. */
  failed(error: Error): void {
    this.enter(
      'failed_sync',
      `a write or sync failed (${error.message}); the process has to be restarted once the disk is sound`,
    )
  }

  private asSegment(active: ActiveSegment): Segment {
    const source = new PooledBytes(this.context.files.pool, active.path, active.end)
    return {
      name: active.name,
      firstPosition: active.identity.firstPosition,
      lastPosition: active.head,
      postings: active.postings,
      source,
    }
  }

  /** Changes the state of the log as the error demands, and returns the error to reject the batch with. */
  private async refusal(error: unknown): Promise<Error> {
    if (error instanceof NoRoom || isNoSpace(error)) {
      this.enter('disk_full', 'the disk is full')
      await this.parts.reserve.giveUp().catch(() => undefined)
      return new BatchRejected(this.detail, { cause: error })
    }
    if (error instanceof BatchRejected) return error
    if (error instanceof OwnershipLost) {
      this.enter('lost_ownership', error.message)
      return new BatchIndeterminate(error.message, { cause: error })
    }
    if (!(error instanceof Latched)) this.context.files.latch.trip(error)
    return new BatchIndeterminate(this.detail, { cause: error })
  }

  private async tryResume(): Promise<void> {
    try {
      if (!(await this.parts.reserve.roomAgain())) return
      this.active ??= await this.recovered.resume?.()
      if (this.active !== undefined) this.enter('writable', '')
    } catch (error) {
      // Without a free descriptor nothing was opened, so the state stays as it is and the next append tries again.
      if (!isNoDescriptor(error)) await this.refusal(error)
    }
  }

  private startMark(): void {
    this.marking = this.mark().finally(() => {
      this.marking = undefined
    })
  }

  private enter(state: LogState, detail: string): void {
    // Only a full disk can recover: after any other failure nothing but closing changes the state.
    const mayChange = this.stateNow === 'writable' || this.stateNow === 'disk_full' || state === 'closed'
    if (this.stateNow === 'closed' || !mayChange) return
    this.set(state, detail)
  }

  private set(state: LogState, detail: string): void {
    this.stateNow = state
    this.detail = detail
    this.listener.state(state, detail)
  }
}
