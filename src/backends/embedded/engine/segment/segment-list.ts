// Lists the segments of a log in the order of their positions without making an object of each.
import type { Segment } from './sealed-segment.js'

/** Use the list at once, because segments come and go whenever others run. */
export interface SegmentList {
  readonly length: number
  /** The bytes of all segments as plain files, also of those that are archived by now. */
  readonly bytes: number
  /** The bytes of their files on the disk, archived or not. */
  readonly diskBytes: number
  at(index: number): Segment
  /** How many segments begin at or before the position. */
  countUpTo(position: number): number
  /** The last segment below an index that may have events with the term; -1 if surely none has. */
  lastThatMay(kind: number, text: string, below: number): number
}

/** The sealed segments and the one behind them that may still grow. */
export class GrowingList implements SegmentList {
  readonly length: number
  private readonly count: number

  constructor(
    private readonly sealed: SegmentList,
    private readonly last: Segment,
  ) {
    this.count = sealed.length
    this.length = this.count + 1
  }

  get bytes(): number {
    return this.sealed.bytes + this.last.source.length
  }

  get diskBytes(): number {
    return this.sealed.diskBytes + this.last.source.length
  }

  at(index: number): Segment {
    return index === this.count ? this.last : this.sealed.at(index)
  }

  countUpTo(position: number): number {
    return this.last.firstPosition <= position ? this.length : this.sealed.countUpTo(position)
  }

  lastThatMay(kind: number, text: string, below: number): number {
    if (below > this.count && this.last.postings.mayContain(kind, text)) return this.count
    return this.sealed.lastThatMay(kind, text, Math.min(below, this.count))
  }
}
