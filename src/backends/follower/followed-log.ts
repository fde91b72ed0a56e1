// A log as its follower sees it: what is durable by the word of the writer, read from the writer's files.
import { StoreError } from '../../contract/errors.js'
import type { Position } from '../../contract/event.js'
import { Turn } from '../../contract/turns.js'
import { diskErrorCode } from '../embedded/engine/disk/disk.js'
import { beginningOf, type DamagedPlace, type ReadableLog } from '../embedded/engine/readable-log.js'
import type { Floor } from '../embedded/engine/recovery/floor.js'
import { IndexRebuilds } from '../embedded/engine/recovery/index-rebuilds.js'
import type { KnownDamage } from '../embedded/engine/segment/accepted-damage.js'
import type { EngineContext } from '../embedded/engine/segment/engine-context.js'
import { indexPath } from '../embedded/engine/segment/load-segment.js'
import type { SealedSegment } from '../embedded/engine/segment/sealed-segment.js'
import type { SegmentList } from '../embedded/engine/segment/segment-list.js'
import { FollowedSegments } from './followed-segments.js'
import type { FollowedTail, Proof } from './followed-tail.js'
import { isDamaged, type LogWriter } from './writer.js'

/** After an error, and for as long as the index of a sealed segment is not there yet, the follower looks again. */
const LOOK_AGAIN_MS = 1_000

const LOST = 'the bytes are no frame'

export class FollowedLog implements ReadableLog {
  private readonly segmentsNow: FollowedSegments
  private readonly rebuilds: IndexRebuilds
  /** Of the writer, as it was when the follower was last told that it changed. */
  private writersDamage: readonly DamagedPlace[] = []
  /** What the follower has found and the writer does not confirm, or nobody was there to. */
  private ownDamage: DamagedPlace[] = []
  private damageNow: readonly DamagedPlace[] = []
  private wanted: Position = 0
  /** The directories have to be listed before anything else. */
  private stale = true
  private isDue = false
  private job: Promise<void> | undefined
  /** A position that was no frame when the follower looked last. */
  private doubted: Position = 0
  private again: NodeJS.Timeout | undefined
  private closed = false

  constructor(
    readonly context: EngineContext,
    private readonly writer: LogWriter,
    proof: Proof,
    /** Called when more can be read. */
    private readonly grown: (head: Position) => void,
  ) {
    const found = (damage: readonly KnownDamage[]) => this.keep(damage)
    this.segmentsNow = new FollowedSegments(context, proof, found)
    this.rebuilds = new IndexRebuilds(context, damage => this.noteDamage(...damage))
  }

  get head(): Position {
    return this.segmentsNow.head
  }

  get firstPosition(): Position {
    const { first, floor } = this.segmentsNow
    return beginningOf(first, this.damageNow, floor)
  }

  get isClosed(): boolean {
    return this.closed
  }

  get floor(): Floor {
    return this.segmentsNow.floor
  }

  get damage(): readonly DamagedPlace[] {
    return this.damageNow
  }

  segments(): SegmentList {
    return this.segmentsNow.list()
  }

  sealedSegments(): Iterable<SealedSegment> {
    return this.segmentsNow.sealed
  }

  get archivedCount(): number {
    return this.segmentsNow.sealed.archivedCount
  }

  get indexesInMemory(): number {
    return this.segmentsNow.indexesInMemory
  }

  indexPathOf(segment: SealedSegment): string {
    return indexPath(this.context.files.layout, segment.sealed.identity)
  }

  rebuildIndexOf(segment: SealedSegment): Promise<void> {
    return this.rebuilds.of(segment)
  }

  doubtIndexOf<T>(segment: SealedSegment, look: () => Promise<T | undefined>): Promise<T | undefined> {
    return this.rebuilds.inDoubt(segment, look)
  }

  async noteDamage(...damage: readonly KnownDamage[]): Promise<void> {
    for (const { from } of damage) await this.writer.examine(from)
    this.hearDamage()
    this.keep(damage)
  }

  /** Whoever asks has an older list of segments in hand, so it is worth another look in any case. */
  async relocated(): Promise<boolean> {
    this.stale = true
    await this.catchUp(0)
    return !this.closed
  }

  /** Resolves when everything up to `position` can be read, or the writer has taken back that there is so much. */
  async reach(position: Position): Promise<void> {
    while (this.head < position && !this.closed) await this.catchUp(position)
  }

  /** Goes on in the background, in a turn of its own, because the writer may be in the middle of its work. */
  follow(): void {
    if (this.isDue) return
    this.isDue = true
    queueMicrotask(this.step)
  }

  private readonly step = () => {
    this.isDue = false
    const { head } = this.writer
    if (this.closed || (!this.stale && this.head >= head)) return
    // Most batches are a few bytes behind the last one, and cost the least when nobody has to be waited for.
    const isIdle = !this.stale && this.job === undefined
    if (isIdle && this.segmentsNow.tail?.step(head) === true) {
      this.grown(head)
      return
    }
    this.catchUp(head).catch(error => {
      if (this.closed) return
      this.context.observer.warned('the log could not be followed', String(error))
      this.lookAgain()
    })
  }

  /** The writer says that files or its knowledge of damage have changed. */
  changed(): void {
    this.stale = true
    this.follow()
  }

  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.again)
    await this.job?.catch(() => undefined)
    await this.context.files.pool.closeAll()
  }

  /** One after the other, and all that was asked meanwhile is done by the one that runs. */
  private catchUp(position: Position): Promise<void> {
    this.wanted = Math.max(this.wanted, position)
    this.job ??= Promise.resolve().then(() => this.work())
    return this.job
  }

  private async work(): Promise<void> {
    try {
      const turn = new Turn()
      while (!this.closed && (this.stale || this.head < this.wanted)) {
        const before = { head: this.head, tail: this.segmentsNow.tail }
        if (this.stale) await this.refresh(turn)
        await this.advance(turn)
        if (this.head > before.head) this.grown(this.head)
        else if (this.head < this.wanted && this.segmentsNow.tail === before.tail) throw missing(this.head + 1)
      }
      if (this.indexesInMemory > 0) this.lookAgain()
    } finally {
      // Cleared here and not behind the promise, so that who asks from now on begins the next one.
      this.job = undefined
    }
  }

  private async refresh(turn: Turn): Promise<void> {
    this.stale = false
    try {
      const before = this.writersDamage
      this.hearDamage()
      await this.segmentsNow.refresh(turn)
      for (const { from } of before) {
        if (isDamaged(this.writersDamage, from)) continue
        await this.segmentsNow.reload(from)
        this.forgetRebuild(from)
      }
    } catch (error) {
      this.stale = true
      throw error
    }
  }

  private async advance(turn: Turn): Promise<void> {
    const { tail } = this.segmentsNow
    if (this.head >= this.wanted || (await this.walks(tail, turn))) return
    await this.refresh(turn)
    // The walk may go on in another file, or behind a segment that is sealed by now.
    if (tail === undefined || tail !== this.segmentsNow.tail || (await this.walks(tail, turn))) return
    await this.passDamage(tail)
  }

  private async walks(tail: FollowedTail | undefined, turn: Turn): Promise<boolean> {
    if (tail === undefined) return false
    try {
      return await tail.walk(this.wanted, turn)
    } catch (error) {
      if (diskErrorCode(error) === 'ENOENT') return false
      throw error
    } finally {
      for (const position of tail.takeBroken()) await this.noteDamage(damageAt(tail, position, position, BROKEN))
    }
  }

  /**
   * Where the writer can read what is no frame here, its bytes may not be what they seem, so they are looked at twice
   * before they are given up.
   */
  private async passDamage(tail: FollowedTail): Promise<void> {
    const next = tail.head + 1
    await this.writer.examine(next)
    this.hearDamage()
    if (this.doubted !== next && !isDamaged(this.writersDamage, next)) {
      this.doubted = next
      throw missing(next)
    }
    const { from, to } = await tail.pass(this.wanted)
    if (from <= to) await this.noteDamage(damageAt(tail, from, to, LOST))
  }

  private hearDamage(): void {
    this.writersDamage = [...this.writer.state().damaged]
    this.ownDamage = []
    this.damageNow = this.writersDamage
  }

  private keep(damage: readonly KnownDamage[]): void {
    const fresh = damage.filter(one => !this.knows(one))
    if (fresh.length === 0) return
    this.ownDamage.push(...fresh)
    this.damageNow = [...this.writersDamage, ...this.ownDamage]
    for (const one of fresh) this.context.observer.damaged(one)
  }

  /** Damage that costs no position is known by its place. */
  private knows({ from, to, where, reason }: DamagedPlace): boolean {
    if (from <= to) return isDamaged(this.damageNow, from)
    return this.damageNow.some(known => known.where === where && known.reason === reason)
  }

  private forgetRebuild(position: Position): void {
    const { sealed } = this.segmentsNow
    const index = sealed.countUpTo(position) - 1
    if (index >= 0) this.rebuilds.forget(sealed.handle(index))
  }

  private lookAgain(): void {
    clearTimeout(this.again)
    if (this.closed) return
    this.again = setTimeout(() => this.changed(), LOOK_AGAIN_MS).unref()
  }
}

function missing(position: Position): StoreError {
  return new StoreError('STORAGE_UNAVAILABLE', `position ${position} is not where it should be`)
}

const BROKEN = 'an event does not have the hash it was stored with'

function damageAt({ listed, end }: FollowedTail, from: Position, to: Position, reason: string): KnownDamage {
  const { firstPosition, path } = listed
  return { firstPosition, from, to, where: `${path} up to byte ${end}`, reason }
}
