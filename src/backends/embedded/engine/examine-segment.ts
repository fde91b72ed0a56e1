// Finds out which positions a sealed segment lost, once its bytes are known not to be what was sealed.
import type { KnownDamage } from './accepted-damage.js'
import { knownDamage, scanStart, sealedKnowledge } from './load-segment.js'
import { scan } from './scan.js'
import type { SealedSegment } from './sealed-segment.js'

/** Every damaged extent; where all events still have their hashes, one note without positions, with the reason given. */
export async function damageOf(
  segment: SealedSegment,
  otherwise: string,
  source = segment.source,
): Promise<KnownDamage[]> {
  const { identity, footer } = segment.sealed
  const { firstPosition, path } = segment
  const start = { ...scanStart(identity, footer.dataEnd), ...sealedKnowledge(footer) }
  const found = knownDamage({ firstPosition, epoch: identity.epoch, path }, await scan(source, start))
  return found.length > 0 ? found : [wholeSegment(segment, otherwise)]
}

/** Something is wrong with the file, but no position is known to be lost. */
export function wholeSegment({ firstPosition, path }: SealedSegment, reason: string): KnownDamage {
  return { firstPosition, from: firstPosition, to: firstPosition - 1, where: path, reason }
}

export function isKnownDamaged(damage: readonly KnownDamage[], segment: SealedSegment): boolean {
  return damage.some(({ firstPosition }) => firstPosition === segment.firstPosition)
}
