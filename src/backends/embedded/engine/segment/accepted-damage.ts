// Damage that an operator has seen and accepted (`repair`). The store takes no append until all damage is accepted, and then
// serves what is left.
import type { Disk } from '../disk/disk.js'
import { readFact, writeFact } from '../disk/small-file.js'

/** Damage as it is known: in which segment, at which byte, and which positions it took (`to < from`: none). */
export interface KnownDamage {
  readonly firstPosition: number
  readonly from: number
  readonly to: number
  readonly where: string
  /** Which bytes of the segment are damaged, where that is known. */
  readonly bytes?: { readonly from: number; readonly to: number }
  readonly reason: string
}

/** For people: the first finding, and how many there are. */
export function describeDamage(damage: KnownDamage, count: number): string {
  const range = damage.to < damage.from ? 'no position lost' : `positions ${damage.from} to ${damage.to}`
  const more = count > 1 ? `, and ${count - 1} more` : ''
  return `${damage.where}: ${damage.reason} (${range})${more}`
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
   * Whether a finding of the running store is a part of what was accepted: under another reason, for a scrub or a read
   * says less than a start. One without positions says only that the file is not what was sealed, which an operator knows.
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
}
