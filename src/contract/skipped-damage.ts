// Gathers the damage that a read passes over, so that its answer can name each range where it lay among the events.
import type { Position } from './event.js'
import type { DamagedRange } from './event-store.js'

/** What a reader is told of damage: the file it lies in is no concern of a client. */
export type SkippedRange = Pick<DamagedRange, 'from' | 'to' | 'reason'>

/** Damage between two events that lies in more ranges than this is told as fewer, wider ones, to bound an answer. */
export const SKIPPED_RANGES_MAX = 100

export class SkippedDamage {
  private ranges: SkippedRange[] = []

  constructor(private readonly order: 'asc' | 'desc' = 'asc') {}

  /** To be given to a read as `onDamaged`. It may be called ahead of events that the read has yet to return. */
  readonly note = ({ from, to, reason }: DamagedRange): void => {
    const last = this.ranges.at(-1)
    if (last === undefined || !(this.isNeighbour(last, { from, to, reason }) || this.isFull)) {
      this.ranges.push({ from, to, reason })
      return
    }
    const wider = { from: Math.min(last.from, from), to: Math.max(last.to, to), reason: last.reason }
    this.ranges[this.ranges.length - 1] = wider
  }

  /** Takes out the ranges that a read in this order meets before it comes to the position. */
  before(position: Position): readonly SkippedRange[] {
    const { ranges } = this
    if (ranges.length === 0) return NONE
    // A range that was made wider may reach around the position, of which a read says that it is sound.
    const below = within(ranges, 0, position - 1)
    const above = within(ranges, position + 1, Number.POSITIVE_INFINITY)
    this.ranges = this.order === 'asc' ? above : below
    return this.order === 'asc' ? below : above
  }

  /** Takes out all that are left. */
  rest(): readonly SkippedRange[] {
    const { ranges } = this
    this.ranges = []
    return ranges
  }

  private get isFull(): boolean {
    return this.ranges.length >= SKIPPED_RANGES_MAX
  }

  private isNeighbour(last: SkippedRange, next: SkippedRange): boolean {
    if (last.reason !== next.reason) return false
    return this.order === 'asc' ? last.to + 1 === next.from : next.to + 1 === last.from
  }
}

function within(ranges: readonly SkippedRange[], least: Position, most: Position): SkippedRange[] {
  return ranges.flatMap(({ from, to, reason }) => {
    const part = { from: Math.max(from, least), to: Math.min(to, most), reason }
    return part.from <= part.to ? [part] : []
  })
}

const NONE: readonly SkippedRange[] = []
