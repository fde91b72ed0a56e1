// What a data directory holds at one moment, seen without its lock while somebody else may be writing to it.
import { basename } from 'node:path'
import type { Disk } from '../disk/disk.js'
import { FilePool } from '../disk/file-pool.js'
import { readFact } from '../disk/small-file.js'
import type { Layout } from '../format/names.js'
import { HEADER_BLOCK_BYTES, parseHeader, type SegmentIdentity } from '../format/segment-header.js'
import { isKnownSealed, missingFrom, readCurrent } from '../recovery/current.js'
import { readFloor } from '../recovery/floor.js'
import type { KnownDamage } from '../segment/accepted-damage.js'
import { type ListedSegment, listCatalogue } from '../segment/catalogue.js'
import { openSource } from '../segment/load-segment.js'
import type { SegmentBytes } from '../segment/segment-bytes.js'
import type { BackupHead } from './backup-manifest.js'

export interface SourceInventory {
  /** Ascending. */
  readonly segments: readonly ListedSegment[]
  /** None of them changes any more. */
  readonly sealed: readonly ListedSegment[]
  /** The one that may be being written. */
  readonly tail: ListedSegment | undefined
  /** The first position that is kept. */
  readonly floor: number
  /** First positions of segments with damage that an operator has accepted. */
  readonly accepted: ReadonlySet<number>
  /** Where the segment begins that the writer names as its last, when there is none that begins there or later. */
  readonly unseen: number | undefined
}

/**
 * In an order in which nothing can be missed: a segment is in the archive before it leaves `segments/`, which is listed
 * first, and the floor is raised before anything below it is removed. A list made while a start puts a segment in the
 * place of another may lack both, so it is made twice.
 */
export async function takeInventory(disk: Disk, layout: Layout): Promise<SourceInventory> {
  const current = await readCurrent({ disk, layout }, () => undefined)
  const before = await listCatalogue(disk, layout)
  const { segments } = await listCatalogue(disk, layout)
  const { nextPosition: floor } = await readFloor({ disk, layout })
  const found = new Map([...before.segments, ...segments].map(segment => [segment.firstPosition, segment]))
  const kept = [...found.values()]
    .filter(({ firstPosition }) => firstPosition >= floor)
    .sort((one, other) => one.firstPosition - other.firstPosition)
  const fact = (await readFact(disk, layout.accepted)) ?? []
  const accepted = new Set((fact as KnownDamage[]).map(({ firstPosition }) => firstPosition))
  const last = kept.at(-1)
  const closed = last === undefined || last.sha256 !== undefined || isKnownSealed(last, current)
  const parts = closed ? { sealed: kept, tail: undefined } : { sealed: kept.slice(0, -1), tail: last }
  return { segments: kept, ...parts, floor, accepted, unseen: missingFrom(current, [...found.values()]) }
}

/** Reads a segment as it was before it was packed, if it was. */
export async function withSource<T>(
  disk: Disk,
  listed: ListedSegment,
  work: (source: SegmentBytes) => Promise<T>,
): Promise<T> {
  const pool = new FilePool(disk, 2)
  try {
    return await work(await openSource(pool, listed))
  } finally {
    await pool.closeAll()
  }
}

/** What the newest segment with a readable header says of itself. */
export async function sourceIdentityOf(
  disk: Disk,
  { segments }: SourceInventory,
): Promise<SegmentIdentity | undefined> {
  for (const segment of [...segments].reverse()) {
    const header = await withSource(disk, segment, async source =>
      parseHeader(await source.read(0, HEADER_BLOCK_BYTES)),
    )
    if (!('fault' in header)) return header
  }
  return undefined
}

/** The hash chain at a place that an earlier backup names; undefined where the segment is not there. */
export async function chainAt(
  disk: Disk,
  inventory: SourceInventory,
  { segment, end }: BackupHead,
): Promise<string | undefined> {
  const listed = inventory.segments.find(({ firstPosition }) => firstPosition === segment)
  if (listed === undefined) return undefined
  return withSource(disk, listed, async source => {
    // A frame ends with its hash; before the first frame the header has that of the last one elsewhere.
    if (end > HEADER_BLOCK_BYTES) return (await source.read(end - 32, 32)).toString('hex')
    const header = parseHeader(await source.read(0, HEADER_BLOCK_BYTES))
    return 'fault' in header ? '' : header.prev.toString('hex')
  })
}

export function pathBelow({ path, sha256 }: ListedSegment): string {
  return `${sha256 === undefined ? 'segments' : 'archive'}/${basename(path)}`
}
