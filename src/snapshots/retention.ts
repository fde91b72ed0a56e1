// Decides which snapshots of a fold stay: all for a day, daily for a month, weekly for a year, and their bases. Pure.
import type { SnapshotEntry } from './snapshot-store.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const WEEK_MS = 7 * DAY_MS

const ALL_FOR_MS = DAY_MS
const DAILY_FOR_MS = 30 * DAY_MS
const WEEKLY_FOR_MS = 365 * DAY_MS

type Aged = Pick<SnapshotEntry, 'id'> & {
  readonly header: Pick<SnapshotEntry['header'], 'position' | 'createdMs' | 'base'>
}

export interface RetainedSnapshot {
  /** If so, the newest stays however old it is, because without it the next one would be folded from the beginning. */
  readonly isKept: boolean
  readonly isProtected: (id: string) => boolean
}

/** Answers the ids of those that stay. */
export function staying(
  snapshots: readonly Aged[],
  { isKept, isProtected }: RetainedSnapshot,
  nowMs: number,
): Set<string> {
  const newestFirst = [...snapshots].sort((a, b) => b.header.position - a.header.position)
  const stay = new Set(newestFirst.slice(0, isKept ? 1 : 0).map(({ id }) => id))
  const days = new Set<number>()
  const weeks = new Set<number>()
  for (const { id, header } of newestFirst) {
    const { createdMs } = header
    const age = nowMs - createdMs
    // The last one of a day or a week is kept, because which one that is does not change as time goes on.
    const lastOfDay = isNew(days, Math.floor(createdMs / DAY_MS))
    const lastOfWeek = isNew(weeks, Math.floor(createdMs / WEEK_MS))
    const young = age <= ALL_FOR_MS || (age <= DAILY_FOR_MS && lastOfDay) || (age <= WEEKLY_FOR_MS && lastOfWeek)
    if (young || isProtected(id)) stay.add(id)
  }
  // A base is older than the differences to it, so one pass from the newest on finds all bases, indirect ones too.
  for (const { id, header } of newestFirst) if (stay.has(id) && header.base !== null) stay.add(header.base.id)
  return stay
}

function isNew(seen: Set<number>, bucket: number): boolean {
  const before = seen.size
  return seen.add(bucket).size > before
}
