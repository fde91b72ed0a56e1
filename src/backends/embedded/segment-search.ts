// Finds the segment of a position, and the position of a time.
import type { ClockReading } from '../../contract/hybrid-clock.js'
import type { Segment } from './engine/segment/sealed-segment.js'
import type { SegmentList } from './engine/segment/segment-list.js'
import { DamagedEvent, readEventSync } from './entry-reader.js'

/** Undefined when no segment holds the position: it is beyond the head, retired, or its segment is missing. */
export function segmentOf(segments: SegmentList, position: number): Segment | undefined {
  const count = segments.countUpTo(position)
  if (count === 0) return undefined
  const segment = segments.at(count - 1)
  return position <= segment.lastPosition ? segment : undefined
}

/** When the event at a position was written; throws DamagedEvent when that event cannot be read. */
export type ReadingAt = (segment: Segment, position: number) => ClockReading

/**
 * The first position in `[from, to]` at or after the reading; `to + 1` when all are earlier. It is a binary search,
 * because times rise with positions, and it passes over positions that cannot be read.
 */
export function firstAtOrAfter(
  segments: SegmentList,
  reading: ClockReading,
  { from, to }: { readonly from: number; readonly to: number },
  readingAt: ReadingAt = readEventSync,
): number {
  let low = from
  let high = to + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const probe = firstReadable(segments, middle, high, readingAt)
    if (probe === undefined || !isBefore(probe.reading, reading)) high = middle
    else low = probe.position + 1
  }
  return low
}

function isBefore(a: ClockReading, b: ClockReading): boolean {
  return a.timestampNs === b.timestampNs ? a.sequence < b.sequence : a.timestampNs < b.timestampNs
}

/** The first readable event at or after `position`, below `limit`. */
function firstReadable(
  segments: SegmentList,
  position: number,
  limit: number,
  readingAt: ReadingAt,
): { readonly position: number; readonly reading: ClockReading } | undefined {
  let at = position
  while (at < limit) {
    const segment = segmentOf(segments, at)
    if (segment === undefined) {
      // Missing positions are passed over at once: a gap may be millions wide, and this holds the event loop.
      const next = segments.countUpTo(at)
      at = next < segments.length ? segments.at(next).firstPosition : limit
      continue
    }
    try {
      return { position: at, reading: readingAt(segment, at) }
    } catch (error) {
      if (!(error instanceof DamagedEvent)) throw error
    }
    at++
  }
  return undefined
}
