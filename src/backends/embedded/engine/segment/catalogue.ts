// Lists what a data directory holds by the names of its files alone, and does the tidying that names alone allow.
import { join } from 'node:path'
import type { Disk } from '../disk/disk.js'
import { type Layout, parseName } from '../format/names.js'

export interface ListedSegment {
  readonly firstPosition: number
  readonly epoch: number
  readonly path: string
  /** The SHA-256 that the name of an archive promises; undefined for a plain file. */
  readonly sha256?: string
}

export interface Catalogue {
  /** One per first position, ascending: of the newest epoch, and a plain file rather than an archive. */
  readonly segments: readonly ListedSegment[]
  /** Files that a later file has replaced, and temporary files of unfinished work. */
  readonly leftovers: readonly string[]
  readonly unknown: readonly string[]
  /** Segments begun by a process that had lost the directory to another. No append in them was ever acknowledged. */
  readonly late: readonly string[]
  readonly greatestEpoch: number
}

export async function listCatalogue(disk: Disk, layout: Layout): Promise<Catalogue> {
  const found: ListedSegment[] = []
  const indexes: ListedSegment[] = []
  const leftovers: string[] = []
  const unknown: string[] = []
  for (const directory of [layout.root, layout.segments, layout.archive]) {
    for (const name of await disk.list(directory)) {
      const path = join(directory, name)
      const parsed = parseName(name)
      if (parsed === undefined) {
        if (!isOurs(layout, path)) unknown.push(path)
      } else if (parsed.kind === 'temporary') leftovers.push(path)
      else if (parsed.kind === 'index') indexes.push({ ...parsed, path })
      else found.push({ ...parsed, path })
    }
  }
  const { segments, late } = withoutLate(newestOfEach(found, leftovers))
  const named = new Set(segments.map(({ firstPosition, epoch }) => `${firstPosition} ${epoch}`))
  const orphans = indexes.filter(({ firstPosition, epoch }) => !named.has(`${firstPosition} ${epoch}`))
  leftovers.push(...orphans.map(({ path }) => path))
  const greatestEpoch = found.reduce((greatest, segment) => Math.max(greatest, segment.epoch), 0)
  return { segments, leftovers, unknown, late, greatestEpoch }
}

/** Epochs rise with positions, so a lower epoch behind a higher one is of an owner that had been replaced. */
function withoutLate(newest: readonly ListedSegment[]): { segments: ListedSegment[]; late: string[] } {
  const segments: ListedSegment[] = []
  const late: string[] = []
  for (const segment of newest) {
    const before = segments.at(-1)
    if (before !== undefined && before.epoch > segment.epoch) late.push(segment.path)
    else segments.push(segment)
  }
  return { segments, late }
}

function sameSegment(one: ListedSegment, other: ListedSegment): boolean {
  return one.firstPosition === other.firstPosition && one.epoch === other.epoch
}

/** A segment that a start copied lies beside its source until that is unlinked; an archive beside its plain file. */
function newestOfEach(found: readonly ListedSegment[], leftovers: string[]): ListedSegment[] {
  const newest = new Map<number, ListedSegment>()
  for (const segment of found) {
    const rival = newest.get(segment.firstPosition)
    if (rival === undefined || supersedes(segment, rival)) newest.set(segment.firstPosition, segment)
  }
  for (const segment of found) {
    // An archive beside its plain file is no leftover, because archiving goes on where it stopped.
    const kept = newest.get(segment.firstPosition) as ListedSegment
    if (segment !== kept && !sameSegment(segment, kept)) leftovers.push(segment.path)
  }
  return [...newest.values()].sort((one, other) => one.firstPosition - other.firstPosition)
}

function supersedes(one: ListedSegment, other: ListedSegment): boolean {
  return one.epoch > other.epoch || (one.epoch === other.epoch && one.sha256 === undefined)
}

function isOurs(layout: Layout, path: string): boolean {
  const { lock, reserve, floor, accepted, damage, current, lineage, developmentSecret, exits } = layout
  const folders = [layout.segments, layout.archive, layout.quarantine, layout.snapshots, layout.heap]
  const files = [lock, reserve, floor, accepted, damage, current, lineage, developmentSecret, exits]
  return [...files, ...folders].includes(path)
}

/** Syncs the names before it removes what is left over, because a crash may have come between a rename and its sync. */
export async function tidy(disk: Disk, layout: Layout, catalogue: Catalogue): Promise<void> {
  for (const directory of [layout.segments, layout.archive, layout.root]) await disk.syncDirectory(directory)
  if (catalogue.leftovers.length === 0) return
  for (const path of catalogue.leftovers) await disk.unlink(path)
  for (const directory of [layout.segments, layout.archive, layout.root]) await disk.syncDirectory(directory)
}
