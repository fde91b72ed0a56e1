// The .idx file's header page and the shape of all its pages; docs/INDEX-FORMAT.md says the same in words.
import { crc32 } from 'node:zlib'
import { KIND_COUNT, type TermKinds } from './postings.js'

export const INDEX_VERSION = 2
export const PAGE_BYTES = 4096
/** The last four bytes of every page are its checksum. */
export const PAGE_CONTENT = PAGE_BYTES - 4
/** One checksum covers this many bytes of the log, so that a scrub can check the log without decoding it. */
export const LOG_BLOCK_BYTES = 4096

/** The sections in the order in which they lie in the file. The texts of kind k are section `texts + k`. */
export const SECTION = { offsets: 0, gaps: 1, lists: 2, dictionary: 3, filter: 4, blocks: 5, texts: 6 } as const
export const SECTION_COUNT = SECTION.texts + KIND_COUNT

/** A dictionary entry: hash high, hash low, and an ordinal or, with `LIST_BIT`, where its list starts in `lists`. */
export const ENTRY_BYTES = 12
export const LIST_BIT = 0x8000_0000

/** Which segment an index belongs to. An index of another segment is stale. */
export interface IndexIdentity {
  readonly firstPosition: number
  readonly count: number
  readonly logLength: number
  /** The 32 bytes that seal the segment. */
  readonly sealHash: Uint8Array
}

export interface Section {
  readonly firstPage: number
  readonly length: number
}

export interface IndexHeader {
  readonly identity: IndexIdentity
  readonly kinds: TermKinds
  /** Bytes per gap: 1, 2 or 4. */
  readonly gapWidth: number
  readonly pageCount: number
  readonly sections: readonly Section[]
}

/** The part of a header that is needed to read the other pages. */
export interface IndexShape {
  /** The number of events. */
  readonly count: number
  /** The seed of the checksums of the pages. */
  readonly seed: number
  readonly gapWidth: number
  readonly sections: readonly Section[]
}

const MAGIC = Buffer.from('LHINDEX\n', 'latin1')
const AT = { version: 8, pageCount: 12, identity: 16, kinds: 68, sections: 72 } as const
const IDENTITY_BYTES = 52
const SECTION_ENTRY = 8

/** Thrown when a checksum or a bound shows damage, so that the file is rebuilt and never gives a wrong answer. */
export class IndexDamaged extends Error {
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`index ${path} is damaged: ${reason}`)
    this.name = 'IndexDamaged'
  }
}

export function encodeHeader(header: IndexHeader): Uint8Array {
  const page = Buffer.alloc(PAGE_BYTES)
  MAGIC.copy(page)
  page.writeUInt32LE(INDEX_VERSION, AT.version)
  page.writeUInt32LE(header.pageCount, AT.pageCount)
  encodeIdentity(header.identity).copy(page, AT.identity)
  page[AT.kinds] = header.kinds.enumerable
  page[AT.kinds + 1] = header.kinds.filtered
  page[AT.kinds + 2] = header.gapWidth
  header.sections.forEach((section, i) => {
    page.writeUInt32LE(section.firstPage, AT.sections + i * SECTION_ENTRY)
    page.writeUInt32LE(section.length, AT.sections + i * SECTION_ENTRY + 4)
  })
  sealPage(page, 0)
  return page
}

/** undefined unless the page is whole, of this version, and consistent in itself. */
export function decodeHeader(bytes: Uint8Array): IndexHeader | undefined {
  if (bytes.length !== PAGE_BYTES || !pageIsWhole(bytes, 0)) return undefined
  const page = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (!page.subarray(0, MAGIC.length).equals(MAGIC) || page.readUInt32LE(AT.version) !== INDEX_VERSION) return undefined
  const sections = Array.from({ length: SECTION_COUNT }, (_, i) => ({
    firstPage: page.readUInt32LE(AT.sections + i * SECTION_ENTRY),
    length: page.readUInt32LE(AT.sections + i * SECTION_ENTRY + 4),
  }))
  const header: IndexHeader = {
    identity: {
      firstPosition: Number(page.readBigUInt64LE(AT.identity)),
      logLength: Number(page.readBigUInt64LE(AT.identity + 8)),
      sealHash: Uint8Array.from(page.subarray(AT.identity + 16, AT.identity + 48)),
      count: page.readUInt32LE(AT.identity + 48),
    },
    kinds: { enumerable: page[AT.kinds] as number, filtered: page[AT.kinds + 1] as number },
    gapWidth: page[AT.kinds + 2] as number,
    pageCount: page.readUInt32LE(AT.pageCount),
    sections,
  }
  return fits(header) ? header : undefined
}

export function indexShapeOf({ identity, gapWidth, sections }: IndexHeader): IndexShape {
  return { count: identity.count, seed: pageSeed(identity), gapWidth, sections }
}

/** The sections follow each other from the page behind the header on. */
export function sectionsOf(lengths: readonly number[]): Section[] {
  let page = 1
  return lengths.map(length => {
    const firstPage = page
    page += pagesFor(length)
    return { firstPage, length }
  })
}

export function sameIdentity(a: IndexIdentity, b: IndexIdentity): boolean {
  return encodeIdentity(a).equals(encodeIdentity(b))
}

/** The checksum of page n starts from this plus n, so that no page of another file or place passes. */
export function pageSeed(identity: IndexIdentity): number {
  return crc32(encodeIdentity(identity))
}

export function pagesFor(length: number): number {
  return Math.ceil(length / PAGE_CONTENT)
}

export function sealPage(page: Buffer, seed: number): void {
  page.writeUInt32LE(crc32(page.subarray(0, PAGE_CONTENT), seed), PAGE_CONTENT)
}

export function pageIsWhole(page: Uint8Array, seed: number): boolean {
  const stored = new DataView(page.buffer, page.byteOffset + PAGE_CONTENT, 4).getUint32(0, true)
  return crc32(page.subarray(0, PAGE_CONTENT), seed) === stored
}

function encodeIdentity(identity: IndexIdentity): Buffer {
  if (identity.sealHash.length !== 32) throw new RangeError('a seal hash has 32 bytes')
  const bytes = Buffer.alloc(IDENTITY_BYTES)
  bytes.writeBigUInt64LE(BigInt(identity.firstPosition), 0)
  bytes.writeBigUInt64LE(BigInt(identity.logLength), 8)
  bytes.set(identity.sealHash, 16)
  bytes.writeUInt32LE(identity.count, 48)
  return bytes
}

/** True when the sections follow each other without a hole and have the lengths that the counts demand. */
function fits(header: IndexHeader): boolean {
  const { identity, sections, gapWidth } = header
  let page = 1
  for (const section of sections) {
    if (section.firstPage !== page) return false
    page += pagesFor(section.length)
  }
  const lengthOf = (section: number) => sections[section]?.length ?? 0
  return (
    page === header.pageCount &&
    [1, 2, 4].includes(gapWidth) &&
    lengthOf(SECTION.offsets) === (identity.count + 1) * 4 &&
    lengthOf(SECTION.gaps) === identity.count * gapWidth &&
    lengthOf(SECTION.dictionary) % ENTRY_BYTES === 0 &&
    lengthOf(SECTION.blocks) === Math.ceil(identity.logLength / LOG_BLOCK_BYTES) * 4
  )
}
