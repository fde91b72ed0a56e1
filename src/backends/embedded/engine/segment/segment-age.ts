// Measures how old a sealed segment is by two clocks that must agree: the wall clock and the log itself (K1).
import type { SealedSegment } from './sealed-segment.js'

export interface AgeRule {
  readonly olderThanMs: number
  /** The most that one step of the clock counts for, which is how long a segment is ordinarily written. */
  readonly longestStepMs: number
  /** The time by a clock that no step of the wall clock moves ahead. */
  readonly nowMs: number
}

/** The clock readings that were written down after a segment was sealed, in position order. */
export interface AgeStart {
  readonly later: Iterable<SealedSegment>
  /** When the segment that is being written was begun. */
  readonly activeMs: number
}

/**
 * The wall clock alone would make everything old when it jumps ahead, so the log must also have gone on for as long.
 * The steps between the times of the segments written since are added up, where a step back counts nothing and a step
 * ahead at most `longestStepMs`. `nowMs` follows real time while the process lives, so a jump counts only when it was
 * written down and the store was opened again. With a `longestStepMs` of one day it then counts for one day, and seven
 * days need at least seven segments. A store that nobody writes to keeps its segments: it acts late at worst, never
 * early.
 *
 * The wall clock measures from the earliest time that was read at or after the seal, so that a segment sealed while the
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

/** Returns one reading at most, because a store may have more segments than a call takes arguments. */
function earliestOf(readings: readonly number[]): number[] {
  return readings.length === 0 ? [] : [readings.reduce((least, reading) => Math.min(least, reading))]
}
