// The index of a sealed segment: opened by the header page of its .idx file, then read a few pages at a time.
import { diskErrorCode } from '../disk/disk.js'
import type { FilePool } from '../disk/file-pool.js'
import { findEntries } from './dictionary.js'
import type { FilterBudget } from './filter-budget.js'
import {
  decodeHeader,
  type IndexHeader,
  type IndexIdentity,
  type IndexShape,
  indexShapeOf,
  LIST_BIT,
  PAGE_BYTES,
  SECTION,
  sameIdentity,
} from './index-format.js'
import { IndexPages } from './index-pages.js'
import type { PageCache } from './page-cache.js'
import { lastInList, readList } from './posting-list.js'
import { kindIn, NO_ORDINALS, type Postings, requireEnumerable, requireOrdinal, type TermKinds } from './postings.js'
import { filterMayContain } from './term-filter.js'
import { type HashTerm, hashTerm, type TermHash } from './term-hash.js'
import { readTexts } from './text-list.js'

/** What all sealed indexes of a store share. */
export interface IndexContext {
  readonly pool: FilePool
  readonly pages: PageCache
  readonly kinds: TermKinds
  /** Tests that need collisions set this. The format knows one hash only. */
  readonly hash?: HashTerm
}

/** What is known of an index before any of it is read. */
export interface SealedIndex {
  readonly firstPosition: number
  readonly count: number
  /** Called once, when a page is first needed. */
  pages(): IndexPages
}

/** Any method that reads may throw `IndexDamaged`, or the disk's own error. */
export class SealedPostings implements Postings {
  readonly count: number
  private readonly firstPosition: number
  private opened: IndexPages | undefined

  constructor(
    private readonly index: SealedIndex,
    private readonly context: IndexContext,
  ) {
    this.count = index.count
    this.firstPosition = index.firstPosition
  }

  get shape(): IndexShape {
    return this.pages.shape
  }

  offset(ordinal: number): number {
    requireOrdinal(ordinal, this.count)
    return this.pages.u32(this.pages.section(SECTION.offsets), ordinal * 4)
  }

  end(ordinal: number): number {
    requireOrdinal(ordinal, this.count)
    const next = this.pages.u32(this.pages.section(SECTION.offsets), (ordinal + 1) * 4)
    return next - this.gap(ordinal)
  }

  ordinals(kind: number, text: string): Uint32Array {
    const values = this.find(kind, text)
    const [only] = values
    if (only === undefined) return NO_ORDINALS
    if (values.length === 1) return this.listOf(only)
    // Several terms share all 64 bits of the hash, so their lists are joined, and the caller verifies each event.
    return Uint32Array.from(new Set(values.flatMap(value => [...this.listOf(value)]))).sort()
  }

  last(kind: number, text: string, below = this.count): number {
    let last = -1
    for (const value of this.find(kind, text)) last = Math.max(last, this.lastOf(value, below))
    return last
  }

  mayContain(kind: number, text: string): boolean {
    if (!kindIn(this.context.kinds.filtered, kind)) return true
    const filter = this.filter ?? this.loadedFilter()
    if (filter !== undefined) return filterMayContain(filter, this.hash(kind, text))
    return this.entries(kind, text).length > 0
  }

  texts(kind: number): Iterable<string> {
    requireEnumerable(this.context.kinds, kind)
    return readTexts(this.pages, this.pages.section(SECTION.texts + kind))
  }

  /** The CRC-32 of each block of 4 KiB of the log; the last block may be shorter. */
  blockChecksums(): Uint32Array {
    const bytes = this.pages.readSection(this.pages.section(SECTION.blocks))
    const view = new DataView(bytes.buffer)
    return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4, true))
  }

  /** Gives back pages, filter and descriptor. Call it before the file is removed or replaced. */
  close(): Promise<void> {
    this.filters.drop(this.firstPosition)
    return this.pages.close()
  }

  private get pages(): IndexPages {
    this.opened ??= this.index.pages()
    return this.opened
  }

  private get filters(): FilterBudget {
    return this.context.pages.filters
  }

  private get filter(): Uint8Array | undefined {
    return this.filters.of(this.firstPosition)
  }

  private hash(kind: number, text: string): TermHash {
    return (this.context.hash ?? hashTerm)(kind, text)
  }

  private find(kind: number, text: string): number[] {
    // Only a filter that is already in memory saves time before an exact lookup.
    if (kindIn(this.context.kinds.filtered, kind)) {
      const { filter } = this
      if (filter !== undefined && !filterMayContain(filter, this.hash(kind, text))) return []
    }
    return this.entries(kind, text)
  }

  private entries(kind: number, text: string): number[] {
    return findEntries(this.pages, this.pages.section(SECTION.dictionary), this.hash(kind, text))
  }

  private listOf(value: number): Uint32Array {
    if (value >= LIST_BIT) return readList(this.pages, this.pages.section(SECTION.lists), value - LIST_BIT)
    return Uint32Array.of(this.known(value))
  }

  private lastOf(value: number, below: number): number {
    if (value >= LIST_BIT) return lastInList(this.pages, this.pages.section(SECTION.lists), value - LIST_BIT, below)
    return this.known(value) < below ? value : -1
  }

  private known(ordinal: number): number {
    if (ordinal >= this.count) throw this.pages.damaged(`an event ${ordinal} in the dictionary`)
    return ordinal
  }

  private gap(ordinal: number): number {
    const { gapWidth } = this.pages.shape
    const section = this.pages.section(SECTION.gaps)
    const at = ordinal * gapWidth
    if (gapWidth === 4) return this.pages.u32(section, at)
    const { page, within } = this.pages.locate(section, at)
    return gapWidth === 2 ? page.view.getUint16(within, true) : page.view.getUint8(within)
  }

  private loadedFilter(): Uint8Array | undefined {
    const section = this.pages.section(SECTION.filter)
    return this.filters.load(this.firstPosition, section.length, () => this.pages.readSection(section))
  }
}

/**
 * undefined if the index has to be rebuilt, because the file is missing, cut, damaged in its header, or of another
 * version, segment or set of kinds. Errors of the disk are thrown as they are, because a rebuild would not help.
 */
export async function openIndex(
  path: string,
  identity: IndexIdentity,
  context: IndexContext,
): Promise<SealedPostings | undefined> {
  // A descriptor of a file that has been replaced would still show the old content.
  await context.pool.forget(path)
  const header = await readHeader(path, context.pool)
  // An index is opened long before it is used, if ever, so its descriptor is left to those in use.
  await context.pool.forget(path)
  if (header === undefined || !sameIdentity(header.identity, identity)) return undefined
  const { enumerable, filtered } = header.kinds
  if (enumerable !== context.kinds.enumerable || filtered !== context.kinds.filtered) return undefined
  // Filters are cached by first position, so the filter of a replaced index would answer for this one.
  const { firstPosition, count } = identity
  context.pages.filters.drop(firstPosition)
  const pages = new IndexPages(firstPosition, path, indexShapeOf(header), context)
  return new SealedPostings({ firstPosition, count, pages: () => pages }, context)
}

async function readHeader(path: string, files: FilePool): Promise<IndexHeader | undefined> {
  try {
    return await files.use(path, async file => {
      const page = Buffer.allocUnsafe(PAGE_BYTES)
      if ((await file.read(page, 0)) !== PAGE_BYTES) return undefined
      const header = decodeHeader(page)
      return header !== undefined && (await file.size()) === header.pageCount * PAGE_BYTES ? header : undefined
    })
  } catch (error) {
    if (diskErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
