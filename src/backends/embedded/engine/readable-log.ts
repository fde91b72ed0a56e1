// What a reader needs of a log, whether this process writes it or follows another one that does.
import type { Floor } from './recovery/floor.js'
import type { KnownDamage } from './segment/accepted-damage.js'
import type { SealedSegment } from './segment/sealed-segment.js'
import type { SegmentList } from './segment/segment-list.js'

/** What a reader is told of damage. */
export type DamagedPlace = Pick<KnownDamage, 'from' | 'to' | 'where' | 'reason'>

export interface ReadableLog {
  /** The last position that may be shown. */
  readonly head: number
  readonly firstPosition: number
  readonly isClosed: boolean
  /** What is known of events before `firstPosition`. */
  readonly floor: Pick<Floor, 'carried'>
  readonly damage: readonly DamagedPlace[]
  /** The segments in the order of their positions. The last one may still grow. */
  segments(): SegmentList
  sealedSegments(): Iterable<SealedSegment>
  indexPathOf(segment: SealedSegment): string
  /** For a caller that found the index unreadable or pointing to a wrong place. */
  rebuildIndexOf(segment: SealedSegment): Promise<void>
  /** Rebuilds the index, unless an earlier rebuild has shown that the log itself is damaged, and then looks again. */
  doubtIndexOf<T>(segment: SealedSegment, look: () => Promise<T | undefined>): Promise<T | undefined>
  /** Resolves when the damage is written down, and the caller may report it. */
  noteDamage(...damage: readonly KnownDamage[]): Promise<void>
  /** For a caller that did not find a file where it was: resolves with whether files are looked for elsewhere now. */
  relocated(): Promise<boolean>
}

/**
 * The first position that the log still has. Without its first segment it still begins where it began, because those
 * events are lost, not retired.
 */
export function beginningOf(kept: number | undefined, damage: readonly DamagedPlace[], floor: Floor): number {
  const lost = damage.find(({ from, to }) => from <= to && to + 1 === kept)
  return lost?.from ?? kept ?? floor.nextPosition
}
