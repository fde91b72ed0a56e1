// Finds the positions that a sealed segment lost, after its hash has shown that its bytes have changed.
import type { KnownDamage } from './accepted-damage.js'
import { knownDamage, scanStart, sealedKnowledge } from './load-segment.js'
import { scan } from './scan.js'
import type { SealedSegment } from './sealed-segment.js'

export const WRONG_HASH = 'the file does not have the hash it was sealed with'

/** Finds every damaged extent. There is none where all events still have their hashes. */
export async function damagedExtents(segment: SealedSegment, source = segment.source): Promise<readonly KnownDamage[]> {
  const { identity, footer } = segment.sealed
  const { firstPosition, path } = segment
  const start = { ...scanStart(identity, footer.dataEnd), ...sealedKnowledge(footer) }
  return knownDamage({ firstPosition, epoch: identity.epoch, path }, await scan(source, start))
}

/** A finding without positions: something is wrong with the file, but no position is known to be lost. */
export function wholeSegment({ firstPosition, path }: SealedSegment, reason: string): KnownDamage {
  return { firstPosition, from: firstPosition, to: firstPosition - 1, where: path, reason }
}

export function hasKnownDamage(damage: readonly KnownDamage[], segment: SealedSegment): boolean {
  return damage.some(({ firstPosition }) => firstPosition === segment.firstPosition)
}
