// Recovers the segment that was being written: judges its end, quarantines what is torn, and copies the rest.
import { basename } from 'node:path'
import { FOOTER_BYTES, parseFooter } from '../format/footer.js'
import { segmentName } from '../format/names.js'
import type { SegmentIdentity } from '../format/segment-header.js'
import { ActivePostings } from '../index/active-postings.js'
import type { KnownDamage } from '../segment/accepted-damage.js'
import type { ActiveSegment } from '../segment/active-segment.js'
import type { ListedSegment } from '../segment/catalogue.js'
import type { EngineContext } from '../segment/engine-context.js'
import {
  continues,
  type Expected,
  identify,
  indexingVisitor,
  isMisplaced,
  type Knowledge,
  knownDamage,
  MISPLACED,
  openSource,
  refuseNewer,
  scanStart,
  sealedKnowledge,
} from '../segment/load-segment.js'
import { createSegment } from '../segment/new-segment.js'
import { type ScanResult, scan, UNKNOWN_END } from '../segment/scan.js'
import { readFacts, type Segment, type SegmentFacts } from '../segment/sealed-segment.js'
import type { SegmentBytes } from '../segment/segment-bytes.js'
import { quarantine } from './quarantine.js'

export interface JudgedTail {
  readonly listed: ListedSegment
  readonly source: SegmentBytes
  readonly identity: SegmentIdentity
  readonly postings: ActivePostings
  readonly result: ScanResult
  readonly damage: readonly KnownDamage[]
  /** True when a mark says that the last writer stopped in good order. */
  readonly clean: boolean
}

export async function judgeTail(
  context: EngineContext,
  listed: ListedSegment,
  expected: Expected,
): Promise<JudgedTail> {
  const source = await openSource(context.files.pool, listed)
  const facts = await readFacts(source)
  refuseNewer(facts, listed)
  const identity = await identify(facts, listed, expected, source)
  const postings = new ActivePostings(context.indexes.kinds)
  const { mark, footer } = facts
  const start = { ...scanStart(identity, footer?.dataEnd ?? source.length), ...knowledgeOf(facts) }
  const result = isMisplaced(facts, listed)
    ? nothingOf(listed, expected, source)
    : await withoutHalfSeal(source, await scan(source, start, indexingVisitor(context, postings)))
  if (facts.unreadableMarks > 0) context.observer.warned('durable mark unreadable', listed.path)
  const damage = [...headDamage(facts, listed, expected), ...knownDamage(listed, result)]
  const clean = mark?.clean === true && mark.durable === result.end && result.tornAt === undefined
  return { listed, source, identity, postings, result, damage, clean }
}

/** The file holds other events than its name promises, so none of them is served under that name. */
function nothingOf({ firstPosition }: ListedSegment, { chain }: Expected, { length }: SegmentBytes): ScanResult {
  const damaged = [{ from: firstPosition, to: UNKNOWN_END, offset: 0, end: length, reason: MISPLACED }]
  return { end: length, nextPosition: firstPosition, chain, batch: 0, frames: 0, damaged, tornAt: undefined }
}

/** A footer is written only when everything before it is durable, so it proves that even if it did not last itself. */
function knowledgeOf({ mark, footer }: SegmentFacts): Partial<Knowledge> {
  if (footer !== undefined) return sealedKnowledge(footer)
  if (mark === undefined) return {}
  return { durable: mark.durable, knownHead: mark.head, knownChain: mark.hash, final: mark.clean }
}

/** A crash before the file was cut leaves a footer where the frames end, which is no torn frame. */
async function withoutHalfSeal(source: SegmentBytes, result: ScanResult): Promise<ScanResult> {
  if (result.tornAt === undefined) return result
  const footer = parseFooter(await source.read(result.tornAt, FOOTER_BYTES))
  return footer?.dataEnd === result.tornAt ? { ...result, tornAt: undefined } : result
}

function headDamage(facts: SegmentFacts, listed: ListedSegment, expected: Expected): KnownDamage[] {
  const { firstPosition, path: where } = listed
  const none = { firstPosition, from: firstPosition, to: firstPosition - 1, where }
  if ('fault' in facts.header) {
    const reason = `the header is damaged (${String(facts.header.fault)})`
    return [facts.header.fault === 'short' ? { ...none, to: UNKNOWN_END, reason } : { ...none, reason }]
  }
  const damage: KnownDamage[] = []
  if (!facts.paddingIsZero) damage.push({ ...none, reason: 'bits are set where nothing is written' })
  if (firstPosition > expected.nextPosition) {
    damage.push({
      ...none,
      from: expected.nextPosition,
      to: firstPosition - 1,
      reason: 'the segment before this one is missing',
    })
  } else if (firstPosition < expected.nextPosition)
    damage.push({ ...none, reason: 'the segment overlaps the one before it' })
  else if (!continues(facts.header, expected))
    damage.push({ ...none, reason: 'the hash chain is broken between segments' })
  return damage
}

/** The tail as it is on disk, for reading only. */
export function tailForReading(tail: JudgedTail): Segment {
  const { listed, source, postings, result } = tail
  const { firstPosition } = listed
  return { name: basename(listed.path), firstPosition, lastPosition: result.nextPosition - 1, postings, source }
}

/**
 * Rule C5: what is torn goes to quarantine, and what is valid is copied to a new inode under a new epoch, because the
 * cache may show bytes whose writing failed. After a crash in here the next start begins again with the old file.
 */
export async function adoptTail(
  context: EngineContext,
  tail: JudgedTail,
  epoch: number,
): Promise<{ readonly active: ActiveSegment; readonly tornBytes: number }> {
  const { listed, source, identity, result } = tail
  const { tornAt } = result
  const name = segmentName(listed.firstPosition, epoch)
  const evidence = tornAt === undefined ? undefined : { name, source, from: tornAt, to: source.length }
  const tornBytes =
    evidence === undefined ? 0 : await quarantine(context.files.disk, context.files.layout.quarantine, evidence)
  const { end, nextPosition, chain, batch, frames } = result
  const active = await createSegment(
    context,
    { ...identity, epoch, createdMs: context.now() },
    { source, tip: { end, nextPosition, chain, batch, frames } },
  )
  active.postings = tail.postings
  return active.orClosed(async () => {
    await context.files.pool.forget(listed.path)
    await context.files.disk.unlink(listed.path)
    await context.files.disk.syncDirectory(context.files.layout.segments)
    return { active, tornBytes }
  })
}
