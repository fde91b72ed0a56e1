// Finds the segment of a position, and the position of a time.
import type { Segment } from './engine/sealed-segment.js'
import { DamagedEvent, readEventSync } from './entry-reader.js'

/** undefined when no segment holds the position: it is beyond the head, retired, or its segment is missing. */
export function segmentOf(segments: readonly Segment[], position: number): Segment | undefined {
  let low = 0
  let high = segments.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((segments[middle] as Segment).firstPosition <= position) low = middle + 1
    else high = middle
  }
  const segment = segments[low - 1]
  return segment !== undefined && position <= segment.lastPosition ? segment : undefined
}

/**
 * The first position in `[from, to]` whose time is at least `timeNs`; `to + 1` when all are earlier.
 * Times never run backwards in position order, so this is a binary search; positions that cannot be read are passed over.
 */
export function firstAtOrAfter(segments: readonly Segment[], timeNs: bigint, from: number, to: number): number {
  let low = from
  let high = to + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const probe = timeNear(segments, middle, high)
    if (probe === undefined) high = middle
    else if (probe.timeNs < timeNs) low = probe.position + 1
    else if (probe.position === middle) high = middle
    else high = middle
  }
  return low
}

/** The time of the first readable position at or after `position`, below `limit`. */
function timeNear(
  segments: readonly Segment[],
  position: number,
  limit: number,
): { position: number; timeNs: bigint } | undefined {
  for (let at = position; at < limit; at++) {
    const segment = segmentOf(segments, at)
    if (segment === undefined) continue
    try {
      return { position: at, timeNs: readEventSync(segment, at).timestampNs }
    } catch (error) {
      if (!(error instanceof DamagedEvent)) throw error
    }
  }
  return undefined
}
