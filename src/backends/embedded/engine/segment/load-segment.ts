// Loads one sealed segment at a start: its identity and footer, its index, and the damage if there is any.

import { join } from 'node:path'
import { EngineError } from '../disk/engine-error.js'
import type { FilePool } from '../disk/file-pool.js'
import type { Footer } from '../format/footer.js'
import type { Frame } from '../format/frame.js'
import { indexName, type Layout } from '../format/names.js'
import { HEADER_BLOCK_BYTES, type SegmentIdentity, STORE_ID_BYTES } from '../format/segment-header.js'
import { ActivePostings } from '../index/active-postings.js'
import type { Postings } from '../index/postings.js'
import { openIndex } from '../index/sealed-postings.js'
import { writeIndex } from '../index/write-index.js'
import type { KnownDamage } from './accepted-damage.js'
import { ArchiveBytes, archiveSource } from './archive-bytes.js'
import type { ListedSegment } from './catalogue.js'
import { digestOf } from './digest.js'
import type { EngineContext } from './engine-context.js'
import { type ScanResult, type ScanStart, type ScanVisitor, scan, UNKNOWN_END } from './scan.js'
import { digestMatches, readFacts, type SegmentFacts } from './sealed-segment.js'
import type { NewSegment, SegmentFile } from './sealed-segments.js'
import { PooledBytes, type SegmentBytes } from './segment-bytes.js'
import { indexIdentity } from './segment-row.js'

/** What the next segment must begin with, because the segment before it ends so. */
export interface Expected {
  readonly nextPosition: number
  readonly chain: Buffer
}

export interface Loaded {
  /** undefined when the file is another segment's, so that the events that its name promises are lost. */
  readonly segment: NewSegment | undefined
  readonly damage: readonly KnownDamage[]
  readonly next: Expected
}

export async function openSource(pool: FilePool, listed: ListedSegment): Promise<SegmentBytes> {
  if (listed.sha256 !== undefined) return archiveSource(pool, listed.path)
  const size = await pool.use(listed.path, file => file.size())
  return new PooledBytes(pool, listed.path, size)
}

/** Rule C9: a newer format is refused by name, before anything is changed. */
export function refuseNewer(facts: SegmentFacts, listed: ListedSegment): void {
  if (!('fault' in facts.header) || typeof facts.header.fault !== 'object') return
  const { version } = facts.header.fault
  throw new EngineError(
    'format_unsupported',
    `${listed.path} has format version ${version}; this release reads up to 1`,
  )
}

/** Takes the identity from the header or, where that is damaged, from the name, the first frame and the neighbours. */
export async function identify(
  facts: SegmentFacts,
  listed: ListedSegment,
  expected: Expected,
  source: SegmentBytes,
): Promise<SegmentIdentity> {
  if (!('fault' in facts.header)) return facts.header
  const frame = await source.read(HEADER_BLOCK_BYTES, 16)
  const salt = frame.length === 16 ? frame.readUInt32LE(12) : 0
  const { firstPosition, epoch } = listed
  return {
    salt,
    storeId: Buffer.alloc(STORE_ID_BYTES),
    epoch,
    firstPosition,
    firstBatch: 0,
    createdMs: 0,
    prev: expected.chain,
  }
}

export function scanStart(identity: SegmentIdentity, end: number): ScanStart {
  const { salt, firstPosition: nextPosition, prev: chain, firstBatch: batch } = identity
  return { offset: HEADER_BLOCK_BYTES, end, salt, nextPosition, chain, batch, durable: 0, knownHead: 0 }
}

export function indexingVisitor(context: EngineContext, postings: ActivePostings): ScanVisitor {
  let end = HEADER_BLOCK_BYTES
  return {
    frame(frame: Frame): void {
      for (const item of frame.items) {
        const ordinal = postings.add(item.offset, item.end)
        if (item.intact) context.indexRecord(item.record, 0, ordinal, postings)
      }
      end = frame.end
    },
    lost(from: number, to: number): void {
      for (let position = from; position <= to; position++) postings.add(end, end)
    },
  }
}

export async function loadSealed(
  context: EngineContext,
  listed: ListedSegment,
  expected: Expected,
  options: { readonly verify: boolean; readonly before: number | undefined },
): Promise<Loaded> {
  const source = await openSource(context.files.pool, listed)
  const facts = await readFacts(source)
  refuseNewer(facts, listed)
  if (isMisplaced(facts, listed)) return misplaced(listed, options.before)
  const identity = await identify(facts, listed, expected, source)
  const damage = linkDamage(listed, identity, expected)
  const broken = structuralFaults(facts, listed)
  const { footer } = facts
  const trusted = footer !== undefined && broken.length === 0 && footer.lost === 0
  if (trusted && (!options.verify || digestMatches(footer, await digestOf(source, footer.dataEnd)))) {
    const found = await postingsOf(context, { listed, source, identity, footer })
    const segment = asFound({ listed, source, identity, footer }, found.postings)
    return {
      segment,
      damage: [...damage, ...found.damage],
      next: { nextPosition: footer.lastPosition + 1, chain: footer.chain },
    }
  }
  const scanned = await scanDamaged(context, { listed, source, identity, footer, before: options.before })
  if (trusted && scanned.damage.length === 0)
    broken.push(damageAt(listed, 'the file does not have the hash it was sealed with'))
  return { segment: scanned.segment, damage: [...damage, ...broken, ...scanned.damage], next: scanned.next }
}

function asFound({ listed, source, identity, footer }: Sealed, postings: Postings): NewSegment {
  const { path, epoch, sha256 } = listed
  const archived = sha256 !== undefined && source instanceof ArchiveBytes
  const archive = archived ? { sha256, packedLength: source.packedLength } : undefined
  return { path, epoch, archive, identity, footer, length: source.length, postings }
}

function damageAt(listed: ListedSegment, reason: string): KnownDamage {
  const { firstPosition, path } = listed
  return { firstPosition, from: firstPosition, to: firstPosition - 1, where: path, reason }
}

function structuralFaults(facts: SegmentFacts, listed: ListedSegment): KnownDamage[] {
  const faults: KnownDamage[] = []
  if ('fault' in facts.header) faults.push(damageAt(listed, `the header is damaged (${String(facts.header.fault)})`))
  else if (!facts.paddingIsZero) faults.push(damageAt(listed, 'bits are set where nothing is written'))
  if (facts.footer === undefined) faults.push(damageAt(listed, 'the footer is damaged or cut off'))
  return faults
}

/** The chain behind another segment's file is unknown, so the segment after it is not checked against one. */
const UNKNOWN_CHAIN: Buffer = Buffer.alloc(0)

export function continues({ prev }: SegmentIdentity, { chain }: Expected): boolean {
  return chain === UNKNOWN_CHAIN || prev.equals(chain)
}

/** Two files changed places, or one was copied over another, so the file lacks the events that its name promises. */
export function isMisplaced({ header }: SegmentFacts, { firstPosition }: ListedSegment): boolean {
  return !('fault' in header) && header.firstPosition !== firstPosition
}

export const MISPLACED = 'the file stands under another segment’s name'

function misplaced(listed: ListedSegment, before: number | undefined): Loaded {
  const { firstPosition, path: where } = listed
  const to = before === undefined ? UNKNOWN_END : before - 1
  const damage = [{ firstPosition, from: firstPosition, to, where, reason: MISPLACED }]
  return { segment: undefined, damage, next: { nextPosition: before ?? firstPosition, chain: UNKNOWN_CHAIN } }
}

function linkDamage(listed: ListedSegment, identity: SegmentIdentity, expected: Expected): KnownDamage[] {
  const { firstPosition, path: where } = listed
  if (firstPosition > expected.nextPosition) {
    const from = expected.nextPosition
    return [{ firstPosition, from, to: firstPosition - 1, where, reason: 'the segment before this one is missing' }]
  }
  if (firstPosition < expected.nextPosition) return [damageAt(listed, 'the segment overlaps the one before it')]
  return continues(identity, expected) ? [] : [damageAt(listed, 'the hash chain is broken between segments')]
}

interface Sealed {
  readonly listed: ListedSegment
  readonly source: SegmentBytes
  readonly identity: SegmentIdentity
  readonly footer: Footer
}

export function indexPath(layout: Layout, segment: { readonly firstPosition: number; readonly epoch: number }): string {
  return join(layout.segments, indexName(segment.firstPosition, segment.epoch))
}

interface Indexed {
  readonly postings: Postings
  readonly damage: readonly KnownDamage[]
}

/**
 * Opens the index beside the log, or rebuilds it from the log (D5). Where damage is found on the way no file is
 * written, because the next start would use it, not scan the segment, and not find the damage.
 */
async function postingsOf(context: EngineContext, sealed: Sealed): Promise<Indexed> {
  const path = indexPath(context.files.layout, sealed.listed)
  const postings = await openIndex(path, indexIdentity(sealed.footer), context.indexes)
  return postings === undefined ? rebuildIndex(context, sealed, false) : { postings, damage: [] }
}

/** `damagedToo` writes the file in spite of damage, because that caller writes the damage down itself. */
export async function rebuildIndex(context: EngineContext, sealed: Sealed, damagedToo = true): Promise<Indexed> {
  const { listed, source, identity, footer } = sealed
  const path = indexPath(context.files.layout, listed)
  context.observer.warned('index rebuilt', path)
  const postings = new ActivePostings(context.indexes.kinds)
  const start = { ...scanStart(identity, footer.dataEnd), ...sealedKnowledge(footer) }
  const result = await scan(source, start, indexingVisitor(context, postings))
  const damage = knownDamage(listed, result)
  if (damage.length > 0 && !damagedToo) return { postings, damage }
  const { blocks } = await digestOf(source, footer.dataEnd)
  const stored = await storeIndex(context, { path, postings, footer, blocks }).catch(error => {
    context.observer.warned('index not written', String(error))
    return undefined
  })
  return { postings: stored ?? postings, damage }
}

/** The index of a segment whose file was proved just now. */
export async function indexOf(context: EngineContext, file: SegmentFile): Promise<Postings> {
  const { path, epoch, archive, identity, footer } = file
  const { firstPosition } = identity
  const listed = { firstPosition, epoch, path, ...(archive === undefined ? {} : { sha256: archive.sha256 }) }
  const source = await openSource(context.files.pool, listed)
  return (await rebuildIndex(context, { listed, source, identity, footer })).postings
}

export function knownDamage(listed: ListedSegment, result: ScanResult): KnownDamage[] {
  return result.damaged.map(({ from, to, offset, end, reason }) => {
    const where = `${listed.path} at byte ${offset}`
    return { firstPosition: listed.firstPosition, from, to, where, bytes: { from: offset, to: end }, reason }
  })
}

/** Writes the index beside the log and opens it. Until then, and when it fails, readers use the postings in memory. */
export async function storeIndex(
  context: EngineContext,
  index: {
    readonly path: string
    readonly postings: ActivePostings
    readonly footer: Footer
    readonly blocks: Uint32Array
  },
): Promise<Postings | undefined> {
  const { path, postings, footer, blocks: blockChecksums } = index
  const identity = indexIdentity(footer)
  await writeIndex(context.files.disk, path, postings, identity, blockChecksums, () => new Promise(setImmediate))
  return openIndex(path, identity, context.indexes)
}

/** What marks or a footer say of a segment, apart from its frames. */
export type Knowledge = Pick<ScanStart, 'durable' | 'knownHead' | 'knownChain' | 'final'>

export function sealedKnowledge(footer: Footer): Knowledge {
  return { durable: footer.dataEnd, knownHead: footer.lastPosition, knownChain: footer.chain, final: true }
}

/**
 * A damaged segment is served from an index in memory, in which lost positions have no bytes. No file is written, so
 * that the next start finds the damage again.
 */
async function scanDamaged(
  context: EngineContext,
  sealed: Omit<Sealed, 'footer'> & { readonly footer: Footer | undefined; readonly before: number | undefined },
): Promise<Loaded> {
  const { listed, source, identity, before } = sealed
  const postings = new ActivePostings(context.indexes.kinds)
  const knowledge =
    sealed.footer === undefined
      ? { durable: source.length, knownHead: before === undefined ? 0 : before - 1, final: before !== undefined }
      : sealedKnowledge(sealed.footer)
  const end = sealed.footer?.dataEnd ?? source.length
  const result = await scan(source, { ...scanStart(identity, end), ...knowledge }, indexingVisitor(context, postings))
  const footer = sealed.footer ?? footerFrom(identity, result)
  const damage = knownDamage(listed, result)
  const segment = asFound({ listed, source, identity, footer }, postings)
  return { segment, damage, next: { nextPosition: result.nextPosition, chain: sealed.footer?.chain ?? result.chain } }
}

function footerFrom(identity: SegmentIdentity, result: ScanResult): Footer {
  const { nextPosition, frames, end: dataEnd, chain, batch } = result
  const { firstPosition, createdMs: sealedMs } = identity
  return {
    firstPosition,
    lastPosition: nextPosition - 1,
    frames,
    dataEnd,
    sealedMs,
    chain,
    fileHash: chain,
    batch,
    lost: 0,
  }
}
