// A segment that will not change any more: its identity, its footer, its bytes and its index.
import { basename } from 'node:path'
import type { Digest } from './digest.js'
import { FOOTER_BYTES, type Footer, parseFooter } from './footer.js'
import type { Postings } from './index/postings.js'
import type { DamagedExtent } from './scan.js'
import type { SegmentBytes } from './segment-bytes.js'
import {
  HEADER_BLOCK_BYTES,
  type HeaderFault,
  type Mark,
  paddingIsZero,
  parseHeader,
  parseMarks,
  type SegmentIdentity,
} from './segment-header.js'

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

export class SealedSegment implements Segment {
  readonly name: string
  readonly firstPosition: number
  readonly lastPosition: number

  readonly sealed: { readonly identity: SegmentIdentity; readonly footer: Footer }

  constructor(
    readonly path: string,
    sealed: { readonly identity: SegmentIdentity; readonly footer: Footer },
    public source: SegmentBytes,
    public postings: Postings,
  ) {
    this.name = basename(path)
    const { identity, footer } = sealed
    this.sealed = {
      identity: { ...identity, storeId: ownCopy(identity.storeId), prev: ownCopy(identity.prev) },
      footer: { ...footer, chain: ownCopy(footer.chain), fileHash: ownCopy(footer.fileHash) },
    }
    this.firstPosition = sealed.identity.firstPosition
    this.lastPosition = sealed.footer.lastPosition
  }

  /** The same segment under another path: an archive in the place of a plain file. */
  movedTo(path: string, source: SegmentBytes): SealedSegment {
    return new SealedSegment(path, this.sealed, source, this.postings)
  }
}

/** Outside the shared pool of buffers: a hash kept for years would keep 64 KiB of its neighbours with it. */
function ownCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
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

export function digestMatches(footer: Footer, digest: Digest): boolean {
  return digest.fileHash.equals(footer.fileHash)
}

export function lostPositions(damaged: readonly Pick<DamagedExtent, 'from' | 'to'>[]): number {
  return damaged.reduce((sum, extent) => sum + Math.max(0, extent.to - extent.from + 1), 0)
}
