// How old a sealed segment is, by two witnesses that must agree: the wall clock, and the log itself (K1).
import type { SealedSegment } from './sealed-segment.js'

export interface AgeRule {
  readonly olderThanMs: number
  /** The most that one step of the clock counts for: as long as a segment is written in the ordinary run of things. */
  readonly longestStepMs: number
  /** By a clock that no step of the wall clock moves ahead. */
  readonly nowMs: number
}

/** The clock readings that were written down after a segment was sealed, in position order. */
export interface AgeStart {
  readonly later: Iterable<SealedSegment>
  /** When the segment being written was begun. */
  readonly activeMs: number
}

/**
 * The wall clock alone would make everything old when it jumps ahead. So the log has to have gone on for as long, too:
 * the steps between the times of the segments written since are added up, a step back counts nothing, and a step ahead
 * at most `longestStepMs`. And `nowMs` goes on as time really does while the process lives: only where a jump was written
 * down and the store was opened again is it worth a day, and seven days need at least seven segments. A store that nobody
 * writes to stays as it is: that is late at worst, never early.
 *
 * For the wall clock a segment is as young as the earliest time read after its seal: one that was sealed while the
 * clock ran ahead does not have to wait until that time comes.
 */
export function isOlderThan(segment: SealedSegment, since: AgeStart, rule: AgeRule): boolean {
  const { sealedMs } = segment
  const readings = readingsOf(since)
  const earliest = Math.min(sealedMs, ...earliestOf(readings))
  if (!(rule.nowMs - earliest >= rule.olderThanMs)) return false
  let witnessed = 0
  let before = sealedMs
  for (const reading of readings) {
    witnessed += Math.min(Math.max(0, reading - before), rule.longestStepMs)
    before = reading
  }
  return witnessed >= rule.olderThanMs
}

function readingsOf({ later, activeMs }: AgeStart): number[] {
  const readings: number[] = []
  for (const { createdMs, sealedMs } of later) readings.push(createdMs, sealedMs)
  readings.push(activeMs)
  return readings.filter(Number.isFinite)
}

/** At most one: a store may have more segments than a call takes arguments. */
function earliestOf(readings: readonly number[]): number[] {
  return readings.length === 0 ? [] : [readings.reduce((least, reading) => Math.min(least, reading))]
}
