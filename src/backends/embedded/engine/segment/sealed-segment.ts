// A segment that will not change any more: its identity, footer, bytes and index, each opened from its row when needed.
import { basename } from 'node:path'
import { FOOTER_BYTES, type Footer, parseFooter } from '../format/footer.js'
import {
  HEADER_BLOCK_BYTES,
  type HeaderFault,
  type Mark,
  paddingIsZero,
  parseHeader,
  parseMarks,
  type SegmentIdentity,
} from '../format/segment-header.js'
import type { Postings } from '../index/postings.js'
import type { FileDigest } from './digest.js'
import type { DamagedExtent } from './scan.js'
import type { SegmentBytes } from './segment-bytes.js'
import { type FilePlace, isArchiveCode, type SegmentRow } from './segment-row.js'

/** What every segment offers a reader, sealed or not. */
export interface Segment {
  readonly name: string
  readonly firstPosition: number
  readonly lastPosition: number
  readonly postings: Postings
  readonly source: SegmentBytes
}

/** What the first and last bytes of a segment say. */
export interface SegmentFacts {
  readonly header: SegmentIdentity | { readonly fault: HeaderFault }
  readonly mark: Mark | undefined
  readonly unreadableMarks: number
  readonly paddingIsZero: boolean
  readonly footer: Footer | undefined
}

/** Opens the file and the index of a segment from its row. */
export interface SegmentHome {
  placed(row: SegmentRow, place: FilePlace): { readonly path: string; readonly source: SegmentBytes }
  postingsOf(row: SegmentRow): Postings
  giveIndex(row: SegmentRow, postings: Postings): void
}

/**
 * A handle of one row. It is made when it is needed and may be dropped at any time, and two may be of the same segment.
 * It reads the file that the row named when the handle was made, so that a reader is not moved to an archive halfway,
 * but always uses the newest index.
 */
export class SealedSegment implements Segment {
  readonly firstPosition: number
  readonly lastPosition: number
  readonly placeCode: number
  private file: { readonly path: string; readonly source: SegmentBytes } | undefined
  private index: Postings | undefined
  private indexVersion = -1

  constructor(
    private readonly home: SegmentHome,
    private readonly row: SegmentRow,
  ) {
    this.firstPosition = row.firstPosition
    this.lastPosition = row.lastPosition
    this.placeCode = row.placeCode
  }

  get createdMs(): number {
    return this.row.createdMs
  }

  get sealedMs(): number {
    return this.row.sealedMs
  }

  get archived(): boolean {
    return isArchiveCode(this.placeCode)
  }

  get path(): string {
    return this.placed().path
  }

  get name(): string {
    return basename(this.path)
  }

  get source(): SegmentBytes {
    return this.placed().source
  }

  get sealed(): { readonly identity: SegmentIdentity; readonly footer: Footer } {
    const { identity, footer } = this.row
    return { identity, footer }
  }

  get postings(): Postings {
    const { indexVersion } = this.row
    if (this.index === undefined || this.indexVersion !== indexVersion) {
      this.index = this.home.postingsOf(this.row)
      this.indexVersion = indexVersion
    }
    return this.index
  }

  set postings(postings: Postings) {
    this.home.giveIndex(this.row, postings)
  }

  private placed(): { readonly path: string; readonly source: SegmentBytes } {
    this.file ??= this.home.placed(this.row, this.row.place(this.placeCode))
    return this.file
  }
}

export async function readFacts(source: SegmentBytes): Promise<SegmentFacts> {
  const block = await source.read(0, HEADER_BLOCK_BYTES)
  const header = parseHeader(block)
  const whole = block.length === HEADER_BLOCK_BYTES
  const marks = whole ? parseMarks(block) : { newest: undefined, unreadable: 0 }
  const tail =
    source.length >= HEADER_BLOCK_BYTES + FOOTER_BYTES
      ? await source.read(source.length - FOOTER_BYTES, FOOTER_BYTES)
      : undefined
  const footer = tail === undefined ? undefined : parseFooter(tail)
  const inPlace = footer !== undefined && footer.dataEnd === source.length - FOOTER_BYTES
  return {
    header,
    mark: marks.newest,
    unreadableMarks: marks.unreadable,
    paddingIsZero: whole && paddingIsZero(block),
    footer: inPlace ? footer : undefined,
  }
}

export function digestMatches(footer: Footer, digest: FileDigest): boolean {
  return digest.fileHash.equals(footer.fileHash)
}

export function lostPositions(damaged: readonly Pick<DamagedExtent, 'from' | 'to'>[]): number {
  return damaged.reduce((sum, extent) => sum + Math.max(0, extent.to - extent.from + 1), 0)
}
