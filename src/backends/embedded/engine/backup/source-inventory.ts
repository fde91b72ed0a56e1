// What a data directory holds at one moment, seen without its lock while another process may be writing to it.
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
  /** In the order of their positions. */
  readonly segments: readonly ListedSegment[]
  /** Segments that do not change any more. */
  readonly sealed: readonly ListedSegment[]
  /** The segment that may still be written. */
  readonly tail: ListedSegment | undefined
  /** The first position that is kept. */
  readonly floor: number
  /** True when segments below it were removed only because a backup has them. */
  readonly held: boolean
  /** First positions of segments with damage that an operator has accepted. */
  readonly accepted: ReadonlySet<number>
  /** Where the segment that CURRENT names begins, when none was found that begins there or later. */
  readonly unseen: number | undefined
}

/**
 * The reads are in an order in which nothing can be missed: a segment is in the archive before it leaves `segments/`,
 * which is listed first, and the floor is raised before anything below it is removed. A list made while a start
 * replaces a segment may lack both files, so it is made twice.
 */
export async function takeInventory(disk: Disk, layout: Layout): Promise<SourceInventory> {
  const current = await readCurrent({ disk, layout }, () => undefined)
  const before = await listCatalogue(disk, layout)
  const { segments } = await listCatalogue(disk, layout)
  const { nextPosition: floor, held } = await readFloor({ disk, layout })
  const found = new Map([...before.segments, ...segments].map(segment => [segment.firstPosition, segment]))
  const kept = [...found.values()]
    .filter(({ firstPosition }) => firstPosition >= floor)
    .sort((one, other) => one.firstPosition - other.firstPosition)
  const fact = (await readFact(disk, layout.accepted)) ?? []
  const accepted = new Set((fact as KnownDamage[]).map(({ firstPosition }) => firstPosition))
  const last = kept.at(-1)
  const closed = last === undefined || last.sha256 !== undefined || isKnownSealed(last, current)
  const parts = closed ? { sealed: kept, tail: undefined } : { sealed: kept.slice(0, -1), tail: last }
  return { segments: kept, ...parts, floor, held, accepted, unseen: missingFrom(current, [...found.values()]) }
}

/** Opens a segment for `work`, and unpacks it where it is an archive. */
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

/** The identity in the newest segment whose header can be read. */
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

/** The hash chain at a place that an earlier backup names; undefined where the segment is missing. */
export async function chainAt(
  disk: Disk,
  inventory: SourceInventory,
  { segment, end }: BackupHead,
): Promise<string | undefined> {
  const listed = inventory.segments.find(({ firstPosition }) => firstPosition === segment)
  if (listed === undefined) return undefined
  return withSource(disk, listed, async source => {
    // A frame ends with its hash. Before the first frame, the header holds the hash of the one before.
    if (end > HEADER_BLOCK_BYTES) return (await source.read(end - 32, 32)).toString('hex')
    const header = parseHeader(await source.read(0, HEADER_BLOCK_BYTES))
    return 'fault' in header ? '' : header.prev.toString('hex')
  })
}

export function pathBelow({ path, sha256 }: ListedSegment): string {
  return `${sha256 === undefined ? 'segments' : 'archive'}/${basename(path)}`
}
