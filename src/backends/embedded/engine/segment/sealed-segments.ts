// All sealed segments of a store. Each is a row outside the JS heap, because there may be very many and the garbage
// collector would visit every object. Objects exist only for those in use.
import { dirname, join } from 'node:path'
import type { Footer } from '../format/footer.js'
import { archiveName, indexName, segmentName } from '../format/names.js'
import type { SegmentIdentity } from '../format/segment-header.js'
import { IndexDamaged } from '../index/index-format.js'
import { IndexPages } from '../index/index-pages.js'
import { kindIn, type Postings } from '../index/postings.js'
import { type IndexContext, SealedPostings } from '../index/sealed-postings.js'
import { filterMayContain } from '../index/term-filter.js'
import { hashTerm } from '../index/term-hash.js'
import { ArchiveCache } from './archive-cache.js'
import type { EngineFiles } from './engine-context.js'
import { SealedSegment, type SegmentHome } from './sealed-segment.js'
import { PooledBytes, type SegmentBytes } from './segment-bytes.js'
import type { SegmentList } from './segment-list.js'
import { type ArchiveFile, type FilePlace, isArchiveCode, RowBlock, type SegmentRow } from './segment-row.js'

const BLOCK_BITS = 7
const BLOCK_ROWS = 1 << BLOCK_BITS
/** This many handles are kept for the next use, with the files and indexes that they have opened. */
export const KEPT_HANDLES = 512

/** A segment that was sealed just now, or that a start found sealed. */
export interface NewSegment {
  readonly path: string
  /** The epoch in the name of the file, because the one in the header may be damaged. */
  readonly epoch: number
  readonly archive?: ArchiveFile | undefined
  readonly identity: SegmentIdentity
  readonly footer: Footer
  readonly length: number
  readonly postings: Postings
}

/** The same without an index, which is made anew. */
export type SegmentFile = Omit<NewSegment, 'postings'>

export class SealedSegments implements SegmentList, SegmentHome, Iterable<SealedSegment> {
  private readonly blocks: RowBlock[] = []
  /** How many rows of the first block are retired. The block is dropped once all of them are. */
  private retired = 0
  /** All that were ever retired, so that a segment keeps its slot among the handles whatever was before it. */
  private retiredEver = 0
  private rows = 0
  private bytesNow = 0
  private diskBytesNow = 0
  private archivedNow = 0
  /** Postings by first position, of the segments whose index is in no file. */
  private readonly inMemory = new Map<number, Postings>()
  /** A cache of handles. Every 512th segment shares a slot, so a hit has to be checked. */
  private readonly handles: (SealedSegment | undefined)[] = Array(KEPT_HANDLES).fill(undefined)
  private readonly archives: ArchiveCache

  constructor(
    private readonly files: Pick<EngineFiles, 'layout' | 'pool'>,
    private readonly indexes: IndexContext,
  ) {
    this.archives = new ArchiveCache(files.pool)
  }

  get length(): number {
    return this.rows - this.retired
  }

  /** The first position of the oldest sealed segment; undefined when there is none. */
  get first(): number | undefined {
    return this.length === 0 ? undefined : this.firstPosition(0)
  }

  /** The bytes of all segments as plain files, also of those that are archived by now. */
  get bytes(): number {
    return this.bytesNow
  }

  /** The bytes of their files on the disk, archived or not. */
  get diskBytes(): number {
    return this.diskBytesNow
  }

  get archivedCount(): number {
    return this.archivedNow
  }

  at(index: number): SealedSegment {
    const place = (this.retiredEver + index) % KEPT_HANDLES
    const kept = this.handles[place]
    if (kept !== undefined && kept.firstPosition === this.firstPosition(index)) return kept
    const look = this.handle(index)
    this.handles[place] = look
    return look
  }

  /** A handle that is not kept, because a caller that passes over all segments once would empty the cache. */
  handle(index: number): SealedSegment {
    return new SealedSegment(this, this.row(index))
  }

  *[Symbol.iterator](): Generator<SealedSegment, void, void> {
    yield* this.from(0)
  }

  *from(start: number): Generator<SealedSegment, void, void> {
    for (let index = start; index < this.length; index++) yield this.handle(index)
  }

  countUpTo(position: number): number {
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.firstPosition(middle) <= position) low = middle + 1
      else high = middle
    }
    return low
  }

  lastThatMay(kind: number, text: string, below: number): number {
    const { kinds, pages, hash = hashTerm } = this.indexes
    const { filters } = pages
    const filtered = kindIn(kinds.filtered, kind)
    const term = hash(kind, text)
    for (let index = below - 1; index >= 0; index--) {
      const filter = filtered ? filters.of(this.firstPosition(index)) : undefined
      const may = filter !== undefined ? filterMayContain(filter, term) : this.mayContain(index, kind, text)
      if (may) return index
    }
    return -1
  }

  /** True while the segment is still in the file that this handle was made for. */
  holds({ firstPosition, placeCode }: SealedSegment): boolean {
    const index = this.indexOf(firstPosition)
    return index >= 0 && this.row(index).placeCode === placeCode
  }

  add({ path, epoch, archive, identity, footer, length, postings }: NewSegment): SealedSegment {
    if (this.rows === this.blocks.length * BLOCK_ROWS) this.blocks.push(new RowBlock(BLOCK_ROWS))
    this.rows++
    const row = this.row(this.length - 1)
    row.put(identity, footer, length)
    row.putPlace({ directory: this.directoryOf(path), epoch, archive })
    this.giveIndex(row, postings)
    this.bytesNow += length
    this.diskBytesNow += archive?.packedLength ?? length
    if (archive !== undefined) this.archivedNow++
    return this.handle(this.length - 1)
  }

  /** Makes the row name an archive from now on. Handles that were made before still read the plain file. */
  archived({ firstPosition }: SealedSegment, path: string, archive: ArchiveFile): SealedSegment {
    const index = this.indexOf(firstPosition)
    const row = this.row(index)
    this.diskBytesNow += archive.packedLength - row.diskBytes
    row.putPlace({ directory: this.directoryOf(path), epoch: row.epoch, archive })
    this.handles[(this.retiredEver + index) % KEPT_HANDLES] = undefined
    this.archivedNow++
    return this.handle(index)
  }

  /** The segment is what this file says from now on, because the file before was damaged. */
  replace({ path, epoch, archive, identity, footer, length, postings }: NewSegment): SealedSegment {
    const index = this.indexOf(identity.firstPosition)
    const row = this.row(index)
    this.bytesNow += length - row.length
    this.diskBytesNow += (archive?.packedLength ?? length) - row.diskBytes
    this.archivedNow += Number(archive !== undefined) - Number(isArchiveCode(row.placeCode))
    row.put(identity, footer, length)
    row.putPlace({ directory: this.directoryOf(path), epoch, archive })
    this.giveIndex(row, postings)
    this.archives.forget(path)
    this.handles[(this.retiredEver + index) % KEPT_HANDLES] = undefined
    return this.handle(index)
  }

  /** Only the oldest segment can be removed, because the log would otherwise have a hole. */
  retire(oldest: SealedSegment): void {
    if (oldest.firstPosition !== this.first) throw new RangeError(`${oldest.name} is not the oldest segment`)
    this.inMemory.delete(oldest.firstPosition)
    this.bytesNow -= oldest.source.length
    this.diskBytesNow -= this.row(0).diskBytes
    if (oldest.archived) this.archivedNow--
    this.handles[this.retiredEver % KEPT_HANDLES] = undefined
    this.retiredEver++
    this.retired++
    if (this.retired < BLOCK_ROWS) return
    this.blocks.shift()
    this.rows -= BLOCK_ROWS
    this.retired = 0
  }

  placed(row: SegmentRow, { directory, epoch, archive }: FilePlace): { path: string; source: SegmentBytes } {
    const { pool } = this.files
    const { firstPosition, length } = row
    const folder = this.directories[directory] as string
    if (archive === undefined) {
      const path = join(folder, segmentName(firstPosition, epoch))
      return { path, source: new PooledBytes(pool, path, length) }
    }
    const path = join(folder, archiveName(firstPosition, epoch, archive.sha256))
    return { path, source: this.archives.source(path, archive.packedLength, length) }
  }

  postingsOf(row: SegmentRow): Postings {
    const { firstPosition } = row
    if (!row.hasIndex) {
      const postings = this.inMemory.get(firstPosition)
      if (postings === undefined) throw this.gone(row)
      return postings
    }
    return new SealedPostings({ firstPosition, count: row.events, pages: () => this.pagesOf(row) }, this.indexes)
  }

  giveIndex(row: SegmentRow, postings: Postings): void {
    const { firstPosition } = row
    // The segment may have been retired while its index was made, and then it has no row any more.
    if (this.indexOf(firstPosition) < 0) return
    const { pages } = this.indexes
    pages.filters.drop(firstPosition)
    const owner = pages.ownerOf(firstPosition)
    if (owner !== undefined) pages.forget(owner)
    const onDisk = postings instanceof SealedPostings
    row.putIndex(onDisk ? postings.shape : undefined)
    if (onDisk) this.inMemory.delete(firstPosition)
    else this.inMemory.set(firstPosition, postings)
  }

  private pagesOf(row: SegmentRow): IndexPages {
    const { index, firstPosition } = row
    if (index === undefined) throw this.gone(row)
    const { indexes } = this
    const open = indexes.pages.ownerOf(firstPosition)
    if (open instanceof IndexPages) return open
    return new IndexPages(firstPosition, this.indexPath(row), index, indexes)
  }

  private mayContain(index: number, kind: number, text: string): boolean {
    return this.at(index).postings.mayContain(kind, text)
  }

  private gone(row: SegmentRow): IndexDamaged {
    return new IndexDamaged(this.indexPath(row), 'it was replaced or removed meanwhile')
  }

  private indexPath({ firstPosition, epoch }: SegmentRow): string {
    return join(this.files.layout.segments, indexName(firstPosition, epoch))
  }

  private get directories(): readonly string[] {
    const { root, segments, archive } = this.files.layout
    return [root, segments, archive]
  }

  private directoryOf(path: string): number {
    const directory = this.directories.indexOf(dirname(path))
    if (directory < 0) throw new RangeError(`${path} lies in no directory of this store`)
    return directory
  }

  private indexOf(firstPosition: number): number {
    const index = this.countUpTo(firstPosition) - 1
    return index >= 0 && this.firstPosition(index) === firstPosition ? index : -1
  }

  private firstPosition(index: number): number {
    const row = this.retired + index
    return (this.blocks[row >>> BLOCK_BITS] as RowBlock).firstPosition(row & (BLOCK_ROWS - 1))
  }

  private row(index: number): SegmentRow {
    const row = this.retired + index
    return (this.blocks[row >>> BLOCK_BITS] as RowBlock).row(row & (BLOCK_ROWS - 1))
  }
}
