// The row of a sealed segment: the numbers and hashes kept of it outside the JS heap while the store runs.
import { HASH_BYTES } from '../format/bytes.js'
import type { Footer } from '../format/footer.js'
import { type SegmentIdentity, STORE_ID_BYTES } from '../format/segment-header.js'
import { type IndexIdentity, type IndexShape, SECTION_COUNT, sectionsOf } from '../index/index-format.js'

/** The doubles, by their place in the row. */
const N = {
  first: 0,
  last: 1,
  length: 2,
  indexVersion: 3,
  epoch: 4,
  nameEpoch: 5,
  firstBatch: 6,
  created: 7,
  footerFirst: 8,
  frames: 9,
  dataEnd: 10,
  sealed: 11,
  batch: 12,
  packedLength: 13,
  end: 14,
} as const
/** The other fields, by their first byte. */
const AT = {
  salt: N.end * 8,
  lost: N.end * 8 + 4,
  seed: N.end * 8 + 8,
  sections: N.end * 8 + 12,
  storeId: N.end * 8 + 12 + SECTION_COUNT * 4,
} as const
const PREV = AT.storeId + STORE_ID_BYTES
const [CHAIN, FILE_HASH, ARCHIVE_HASH] = [PREV + HASH_BYTES, PREV + 2 * HASH_BYTES, PREV + 3 * HASH_BYTES]
const PLACE = ARCHIVE_HASH + HASH_BYTES
const GAP_WIDTH = PLACE + 1
const ROW_NUMBERS = Math.ceil((GAP_WIDTH + 1) / 8)
export const ROW_BYTES = ROW_NUMBERS * 8
/** This bit is set in the byte of the place, beside the number of the directory. */
const ARCHIVED = 4

export function isArchiveCode(code: number): boolean {
  return (code & ARCHIVED) !== 0
}

/** The name of an archive is made from its hash, so the path need not be kept. */
export interface ArchiveFile {
  readonly sha256: string
  readonly packedLength: number
}

export interface FilePlace {
  /** The number of the directory in `SealedSegments.directories`. */
  readonly directory: number
  /** The epoch in the name of the file, because the one in the header may be damaged. */
  readonly epoch: number
  readonly archive?: ArchiveFile | undefined
}

/** Rows side by side. They never move, so a row can be read for as long as it is held. */
export class RowBlock {
  private readonly bytes: Buffer
  private readonly numbers: Float64Array

  constructor(rows: number) {
    this.bytes = Buffer.allocUnsafeSlow(rows * ROW_BYTES).fill(0)
    this.numbers = new Float64Array(this.bytes.buffer)
  }

  row(at: number): SegmentRow {
    return new SegmentRow(this.bytes, this.numbers, at)
  }

  firstPosition(at: number): number {
    return this.numbers[at * ROW_NUMBERS + N.first] as number
  }
}

export class SegmentRow {
  private readonly at: number
  private readonly number: number

  constructor(
    private readonly bytes: Buffer,
    private readonly numbers: Float64Array,
    row: number,
  ) {
    this.at = row * ROW_BYTES
    this.number = row * ROW_NUMBERS
  }

  get firstPosition(): number {
    return this.get(N.first)
  }

  get lastPosition(): number {
    return this.get(N.last)
  }

  /** The length of the plain file, even where an archive holds it. */
  get length(): number {
    return this.get(N.length)
  }

  get createdMs(): number {
    return this.get(N.created)
  }

  get sealedMs(): number {
    return this.get(N.sealed)
  }

  get epoch(): number {
    return this.get(N.epoch)
  }

  /** Changes when the segment is archived, so that `holds` notices it. */
  get placeCode(): number {
    return this.bytes[this.at + PLACE] as number
  }

  /** The length of the file on the disk, archived or not. */
  get diskBytes(): number {
    return isArchiveCode(this.placeCode) ? this.get(N.packedLength) : this.length
  }

  get identity(): SegmentIdentity {
    return {
      salt: this.bytes.readUInt32LE(this.at + AT.salt),
      storeId: this.copy(AT.storeId, STORE_ID_BYTES),
      epoch: this.epoch,
      firstPosition: this.firstPosition,
      firstBatch: this.get(N.firstBatch),
      createdMs: this.createdMs,
      prev: this.copy(PREV, HASH_BYTES),
    }
  }

  get footer(): Footer {
    return {
      firstPosition: this.get(N.footerFirst),
      lastPosition: this.lastPosition,
      frames: this.get(N.frames),
      dataEnd: this.get(N.dataEnd),
      sealedMs: this.sealedMs,
      chain: this.copy(CHAIN, HASH_BYTES),
      fileHash: this.copy(FILE_HASH, HASH_BYTES),
      batch: this.get(N.batch),
      lost: this.bytes.readUInt32LE(this.at + AT.lost),
    }
  }

  /** Where the file lies, or lay when the place had an earlier code. */
  place(code = this.placeCode): FilePlace {
    const directory = code & ~ARCHIVED
    const epoch = this.get(N.nameEpoch)
    if (!isArchiveCode(code)) return { directory, epoch }
    const sha256 = this.copy(ARCHIVE_HASH, HASH_BYTES).toString('hex')
    return { directory, epoch, archive: { sha256, packedLength: this.get(N.packedLength) } }
  }

  /** Changes with every index that the segment is given, so that a handle notices a new one. */
  get indexVersion(): number {
    return this.get(N.indexVersion)
  }

  get events(): number {
    return this.lastPosition - this.get(N.footerFirst) + 1
  }

  /** True when there is an index on disk. */
  get hasIndex(): boolean {
    return this.bytes[this.at + GAP_WIDTH] !== 0
  }

  get index(): IndexShape | undefined {
    if (!this.hasIndex) return undefined
    const gapWidth = this.bytes[this.at + GAP_WIDTH] as number
    const lengths: number[] = []
    for (let i = 0; i < SECTION_COUNT; i++) lengths.push(this.bytes.readUInt32LE(this.at + AT.sections + i * 4))
    const seed = this.bytes.readUInt32LE(this.at + AT.seed)
    return { count: this.events, seed, gapWidth, sections: sectionsOf(lengths) }
  }

  put(identity: SegmentIdentity, footer: Footer, length: number): void {
    const { at, bytes } = this
    this.set(N.first, identity.firstPosition)
    this.set(N.last, footer.lastPosition)
    this.set(N.length, length)
    this.set(N.epoch, identity.epoch)
    this.set(N.firstBatch, identity.firstBatch)
    this.set(N.created, identity.createdMs)
    this.set(N.footerFirst, footer.firstPosition)
    this.set(N.frames, footer.frames)
    this.set(N.dataEnd, footer.dataEnd)
    this.set(N.sealed, footer.sealedMs)
    this.set(N.batch, footer.batch)
    bytes.writeUInt32LE(identity.salt, at + AT.salt)
    bytes.writeUInt32LE(footer.lost, at + AT.lost)
    identity.storeId.copy(bytes, at + AT.storeId, 0, STORE_ID_BYTES)
    identity.prev.copy(bytes, at + PREV, 0, HASH_BYTES)
    footer.chain.copy(bytes, at + CHAIN, 0, HASH_BYTES)
    footer.fileHash.copy(bytes, at + FILE_HASH, 0, HASH_BYTES)
  }

  putPlace({ directory, epoch, archive }: FilePlace): void {
    this.bytes[this.at + PLACE] = directory | (archive === undefined ? 0 : ARCHIVED)
    this.set(N.nameEpoch, epoch)
    if (archive === undefined) return
    this.set(N.packedLength, archive.packedLength)
    Buffer.from(archive.sha256, 'hex').copy(this.bytes, this.at + ARCHIVE_HASH)
  }

  putIndex(shape: IndexShape | undefined): void {
    this.set(N.indexVersion, this.indexVersion + 1)
    this.bytes[this.at + GAP_WIDTH] = shape?.gapWidth ?? 0
    this.bytes.writeUInt32LE(shape?.seed ?? 0, this.at + AT.seed)
    shape?.sections.forEach(({ length }, i) => {
      this.bytes.writeUInt32LE(length, this.at + AT.sections + i * 4)
    })
  }

  private get(field: number): number {
    return this.numbers[this.number + field] as number
  }

  private set(field: number, value: number): void {
    this.numbers[this.number + field] = value
  }

  private copy(from: number, length: number): Buffer {
    return Buffer.from(this.bytes.subarray(this.at + from, this.at + from + length))
  }
}

/** The identity that the index of a segment with this footer must have. */
export function indexIdentity(footer: Footer): IndexIdentity {
  const count = footer.lastPosition - footer.firstPosition + 1
  return { firstPosition: footer.firstPosition, count, logLength: footer.dataEnd, sealHash: footer.fileHash }
}
