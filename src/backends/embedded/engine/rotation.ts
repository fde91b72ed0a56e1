// Changes from a full segment to the next one. Rule D2: the old segment is sealed before the new one appears.
import { Latched } from './disk/latch.js'
import { FOOTER_BYTES } from './format/footer.js'
import { writeCurrent } from './recovery/current.js'
import type { Recovered } from './recovery/recover.js'
import type { ActiveSegment } from './segment/active-segment.js'
import type { EngineContext } from './segment/engine-context.js'
import { indexPath, storeIndex } from './segment/load-segment.js'
import { discardedUnless, installSegment, prepareSegment } from './segment/new-segment.js'
import { lostPositions } from './segment/sealed-segment.js'

/** After a segment could not be made, the old one is written on for this long before the next attempt. */
const RETRY_MS = 5_000

export interface RotationLimits {
  readonly segmentBytes: number
  readonly segmentMs: number
}

/** A segment that was sealed just now. `bytes` counts up to the footer, without it. */
export interface RotatedSegment {
  readonly name: string
  readonly bytes: number
  readonly events: number
}

export class Rotation {
  /** The next segment, perhaps not in its place yet. It is set from the seal of the old one until `finish` succeeds. */
  private next: ActiveSegment | undefined
  private notBefore = 0
  private indexing: Promise<void> = Promise.resolve()

  constructor(
    private readonly context: EngineContext,
    private readonly limits: RotationLimits,
    private readonly recovered: Recovered,
    private readonly rotated: (segment: RotatedSegment) => void,
  ) {}

  /** True while the segment that Log calls active is sealed already, because `finish` has not succeeded yet. */
  get halfway(): boolean {
    return this.next !== undefined
  }

  /** A clock that went back counts too, because a segment begun in a false future would be written for years. */
  isDue(active: ActiveSegment): boolean {
    if (active.currentTip.frames === 0 || performance.now() < this.notBefore) return false
    const { segmentBytes, segmentMs } = this.limits
    return active.end >= segmentBytes || Math.abs(this.context.now() - active.identity.createdMs) >= segmentMs
  }

  /**
   * Makes the next segment before it seals the old one, so that a full disk is noticed while the old one can still be
   * written. Returns false when there is no next segment for now.
   */
  async begin(old: ActiveSegment): Promise<boolean> {
    const next = await this.prepare(old)
    if (next === undefined) return false
    await discardedUnless(this.context.files, next, () => this.seal(old, next))
    return true
  }

  /** `use` runs in the turn that ends the rotation, because a reader in between would find the old segment twice. */
  async finish(use: (next: ActiveSegment) => void): Promise<void> {
    const next = this.next as ActiveSegment
    await installSegment(this.context.files, next)
    await writeCurrent(this.context, next.identity)
    use(next)
    this.next = undefined
  }

  /** Seals at a clean stop. CURRENT then says that the seal is durable, so the next start need not read the segment. */
  async sealLast(active: ActiveSegment): Promise<void> {
    await this.seal(active)
    await writeCurrent(this.context, active.identity, true)
  }

  /** Resolves when the index of every sealed segment is written or has failed to be. */
  settled(): Promise<void> {
    return this.indexing
  }

  async close(): Promise<void> {
    await this.next?.close()
  }

  private async prepare({ currentTip, identity }: ActiveSegment): Promise<ActiveSegment | undefined> {
    const { salt, storeId, epoch } = identity
    try {
      const next = await prepareSegment(this.context, {
        salt,
        storeId,
        epoch,
        createdMs: this.context.now(),
        firstPosition: currentTip.nextPosition,
        firstBatch: currentTip.batch,
        prev: currentTip.chain,
      })
      await discardedUnless(this.context.files, next, () => next.presize())
      return next
    } catch (error) {
      if (error instanceof Latched) throw error
      this.notBefore = performance.now() + RETRY_MS
      this.context.observer.warned('rotation postponed', String(error))
      return undefined
    }
  }

  private async seal(old: ActiveSegment, next?: ActiveSegment): Promise<void> {
    const { identity, path, postings } = old
    const lost = this.recovered.damage.found.filter(({ firstPosition }) => firstPosition === identity.firstPosition)
    const { footer, blocks } = await old.seal(this.context.now(), lostPositions(lost))
    const length = footer.dataEnd + FOOTER_BYTES
    const { epoch } = identity
    const segment = this.recovered.segments.sealed.add({ path, epoch, identity, footer, length, postings })
    // This happens in the same turn as the line above, because a reader in between would find the old segment twice.
    this.next = next
    this.rotated({ name: segment.name, bytes: footer.dataEnd, events: postings.count })
    // Readers use the lists in memory until the file is written. If it cannot be, the next start rebuilds the index.
    const index = { path: indexPath(this.context.files.layout, identity), postings, footer, blocks }
    this.indexing = this.indexing
      .then(async () => {
        const stored = await storeIndex(this.context, index)
        if (stored !== undefined) segment.postings = stored
      })
      .catch(error => this.context.observer.warned('index not written', String(error)))
  }
}
