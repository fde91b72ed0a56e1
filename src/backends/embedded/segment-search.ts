// Finds the segment of a position, and the position of a time.
import type { Segment } from './engine/segment/sealed-segment.js'
import type { SegmentList } from './engine/segment/segment-list.js'
import { DamagedEvent, readEventSync } from './entry-reader.js'

/** undefined when no segment holds the position: it is beyond the head, retired, or its segment is missing. */
export function segmentOf(segments: SegmentList, position: number): Segment | undefined {
  const count = segments.countUpTo(position)
  if (count === 0) return undefined
  const segment = segments.at(count - 1)
  return position <= segment.lastPosition ? segment : undefined
}

/** A reading of the hybrid clock: events rise by it, in position order. */
export interface Moment {
  readonly timestampNs: bigint
  readonly sequence: number
}

/** The moment of the event at a position; throws DamagedEvent where there is none to be read. */
export type MomentOf = (segment: Segment, position: number) => Moment

/**
 * The first position in `[from, to]` at or after the moment; `to + 1` when all are earlier. A binary search, which
 * passes over positions that cannot be read.
 */
export function firstAtOrAfter(
  segments: SegmentList,
  moment: Moment,
  { from, to }: { readonly from: number; readonly to: number },
  momentOf: MomentOf = readEventSync,
): number {
  let low = from
  let high = to + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const probe = firstReadable(segments, middle, high, momentOf)
    if (probe === undefined || !isBefore(probe.moment, moment)) high = middle
    else low = probe.position + 1
  }
  return low
}

function isBefore(event: Moment, moment: Moment): boolean {
  if (event.timestampNs !== moment.timestampNs) return event.timestampNs < moment.timestampNs
  return event.sequence < moment.sequence
}

/** The first readable event at or after `position`, below `limit`. */
function firstReadable(
  segments: SegmentList,
  position: number,
  limit: number,
  momentOf: MomentOf,
): { readonly position: number; readonly moment: Moment } | undefined {
  let at = position
  while (at < limit) {
    const segment = segmentOf(segments, at)
    if (segment === undefined) {
      // Over all that is missing at once: a hole may be millions of positions wide, and an append waits for this.
      const next = segments.countUpTo(at)
      at = next < segments.length ? segments.at(next).firstPosition : limit
      continue
    }
    try {
      return { position: at, moment: momentOf(segment, at) }
    } catch (error) {
      if (!(error instanceof DamagedEvent)) throw error
    }
    at++
  }
  return undefined
}
