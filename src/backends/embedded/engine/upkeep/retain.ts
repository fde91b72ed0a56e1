// Removes the oldest archived segments where the settings ask for it. The floor is durable before a file is removed,
// because a crash in between would otherwise leave a log whose beginning is missing, which is damage.
import { SealedPostings } from '../index/sealed-postings.js'
import type { Log } from '../log.js'
import { type Carried, removeBelow, writeFloor } from '../recovery/floor.js'
import { hasKnownDamage } from '../segment/examine-segment.js'
import type { SealedSegment } from '../segment/sealed-segment.js'
import { type AgeRule, isOlderThan } from '../segment/segment-age.js'

/** The newest sealed segments stay whatever a clock says (D7). */
export const NEWEST_KEPT = 2

/** Collects what must still be known of retired events once this segment is gone as well. */
export type Carry = (segment: SealedSegment) => Promise<Carried>

/** True when a backup is known to have this archive. */
export type IsHeld = (segment: SealedSegment) => Promise<boolean>

/**
 * Removes at most the oldest segment, if it is archived and old enough, so that a wrong clock costs one file. With
 * `isHeld` nothing goes that a backup does not have.
 */
export async function retireOldest(
  log: Log,
  rule: AgeRule,
  carry: Carry,
  isHeld?: IsHeld,
): Promise<SealedSegment | undefined> {
  // Retiring gives room back, so it goes on while the disk is full.
  if ((log.state !== 'writable' && log.state !== 'disk_full') || !log.owned) return undefined
  const segments = log.sealedSegments()
  if (segments.length < NEWEST_KEPT + 1) return undefined
  const [oldest, next] = [segments.handle(0), segments.handle(1)]
  // A start that found no room made no active segment, and without one ages cannot be measured.
  const active = log.current
  if (active === undefined) return undefined
  const since = { later: segments.from(1), activeMs: active.identity.createdMs }
  if (!mayGo(log, oldest) || !isOlderThan(oldest, since, rule) || !isProvable(log, oldest, next)) return undefined
  if (isHeld !== undefined && !(oldest.archived && (await isHeld(oldest)))) return undefined
  const held = log.floor.held || isHeld !== undefined
  await retire(log, oldest, { next, carried: await carry(oldest), held })
  return oldest
}

/** A damaged segment is never archived. Once its damage is accepted it may go, because it would hold up all others. */
function mayGo(log: Log, segment: SealedSegment): boolean {
  return segment.archived || hasKnownDamage(log.damage, segment)
}

/** The floor carries the hash that the next segment continues. Where the two disagree, retiring would hide it. */
function isProvable(log: Log, oldest: SealedSegment, next: SealedSegment): boolean {
  if (hasKnownDamage(log.damage, oldest) || hasKnownDamage(log.damage, next)) return true
  const { footer } = oldest.sealed
  return footer.lastPosition + 1 === next.firstPosition && footer.chain.equals(next.sealed.identity.prev)
}

async function retire(
  log: Log,
  oldest: SealedSegment,
  { next, carried, held }: { readonly next: SealedSegment; readonly carried: Carried; readonly held: boolean },
): Promise<void> {
  const { files } = log.context
  const { firstPosition: nextPosition, prev: chain, firstBatch: batch } = next.sealed.identity
  await log.settled()
  const floor = { nextPosition, chain, batch, carried, held }
  await writeFloor(files, floor)
  log.raiseFloor(floor)
  const { postings } = oldest
  log.sealedSegments().retire(oldest)
  await files.pool.forget(oldest.path)
  if (postings instanceof SealedPostings) await postings.close()
  await removeBelow(files, nextPosition)
}
