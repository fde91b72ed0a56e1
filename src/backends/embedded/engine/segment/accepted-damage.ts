// Damage that an operator has seen and accepted (`repair`). The store takes no append until all damage is accepted, and
// then serves what is left.
import type { Disk } from '../disk/disk.js'
import { readFact, writeFact } from '../disk/small-file.js'
import { UNKNOWN_END } from './scan.js'

/** What is known of damage: the segment, the place, and the positions that are lost (none when `to < from`). */
export interface KnownDamage {
  readonly firstPosition: number
  readonly from: number
  readonly to: number
  readonly where: string
  /** The damaged bytes of the segment, where they are known. */
  readonly bytes?: { readonly from: number; readonly to: number }
  readonly reason: string
}

/** Describes the first finding, and how many there are, for people. */
export function describeDamage(damage: KnownDamage, count: number): string {
  const more = count > 1 ? `, and ${count - 1} more` : ''
  return `${damage.where}: ${damage.reason} (${describeLoss(damage)})${more}`
}

function describeLoss({ from, to }: KnownDamage): string {
  if (to < from) return 'no position lost'
  return to === UNKNOWN_END ? `from position ${from} on` : `positions ${from} to ${to}`
}

/** True when this was found in the segment, or is of the positions that it holds. */
export function isOfSegment(
  { firstPosition, from, to }: KnownDamage,
  segment: { readonly firstPosition: number; readonly lastPosition: number },
): boolean {
  if (firstPosition === segment.firstPosition) return true
  return from <= to && segment.firstPosition <= from && to <= segment.lastPosition
}

/** The same damage is found again at the next start under another file name, but never under another key. */
function keyOf(damage: KnownDamage): string {
  return `${damage.firstPosition}:${damage.from}-${damage.to}:${damage.reason}`
}

export class AcceptedDamage {
  private constructor(private readonly accepted: readonly KnownDamage[]) {}

  static async load(disk: Disk, path: string): Promise<AcceptedDamage> {
    const fact = await readFact(disk, path)
    return new AcceptedDamage(Array.isArray(fact) ? (fact as KnownDamage[]) : [])
  }

  static none(): AcceptedDamage {
    return new AcceptedDamage([])
  }

  covers(damage: KnownDamage): boolean {
    return this.accepted.some(known => keyOf(known) === keyOf(damage))
  }

  /**
   * True when a finding of the running store is a part of what was accepted. The reason may be another, because a scrub
   * or a read knows less than a start. A finding without positions says only that the file is not what was sealed,
   * which an operator knows then.
   */
  knows({ firstPosition, from, to }: KnownDamage): boolean {
    if (to < from) return this.accepted.some(known => known.firstPosition === firstPosition)
    return this.accepted.some(known => known.from <= from && to <= known.to)
  }

  async add(disk: Disk, path: string, damage: readonly KnownDamage[]): Promise<AcceptedDamage> {
    const fresh = damage.filter(item => !this.covers(item))
    const all = [...this.accepted, ...fresh]
    await writeFact(disk, path, all)
    return new AcceptedDamage(all)
  }

  /** Takes back what was accepted of a segment that is whole again, so that new damage there is not passed over. */
  async withdraw(
    disk: Disk,
    path: string,
    segment: { readonly firstPosition: number; readonly lastPosition: number },
  ): Promise<AcceptedDamage> {
    const left = this.accepted.filter(item => !isOfSegment(item, segment))
    if (left.length === this.accepted.length) return this
    await writeFact(disk, path, left)
    return new AcceptedDamage(left)
  }
}
