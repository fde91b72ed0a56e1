// The list of known damage. Each range is listed once and neighbours with one reason are joined, so that the list stays
// short however much of a disk rots.
import type { KnownDamage } from '../segment/accepted-damage.js'

/** This many ranges show what is wrong. The scrub reports the damage beyond that, but it is not listed here. */
const MOST_RANGES = 1_000

/** Growth is reported at most this often in all, because an observer may write each report to a file. */
const MOST_GROWTHS_TOLD = 1_000

export class DamageNotes {
  private readonly ranges: KnownDamage[]
  private growthsTold = 0

  constructor(
    found: readonly KnownDamage[],
    private readonly tell: (damage: KnownDamage) => void,
  ) {
    this.ranges = [...found]
  }

  get list(): readonly KnownDamage[] {
    return this.ranges
  }

  covers(damage: KnownDamage): boolean {
    return this.ranges.some(known => covers(known, damage))
  }

  add(damage: KnownDamage): void {
    if (this.covers(damage)) return
    const grown = this.grow(damage)
    if (!grown && this.ranges.length >= MOST_RANGES) return
    if (!grown) this.ranges.push(damage)
    else if (++this.growthsTold > MOST_GROWTHS_TOLD) return
    this.tell(damage)
  }

  /** Drops the ranges for which this is true, and returns whether there were any. */
  remove(isGone: (damage: KnownDamage) => boolean): boolean {
    const before = this.ranges.length
    const left = this.ranges.filter(damage => !isGone(damage))
    this.ranges.splice(0, before, ...left)
    return left.length < before
  }

  /** True when the damage became a part of a range beside it. Two ranges that meet through it become one. */
  private grow(damage: KnownDamage): boolean {
    let merged = damage
    for (let at = this.neighbour(merged); at >= 0; at = this.neighbour(merged)) {
      merged = joined(this.ranges[at] as KnownDamage, merged)
      this.ranges.splice(at, 1)
    }
    if (merged === damage) return false
    this.ranges.push(merged)
    return true
  }

  private neighbour(damage: KnownDamage): number {
    return this.ranges.findIndex(known => areNeighbours(known, damage))
  }
}

function covers(known: KnownDamage, damage: KnownDamage): boolean {
  if (damage.from <= damage.to) return known.from <= damage.from && damage.to <= known.to
  return known.from === damage.from && known.reason === damage.reason
}

function areNeighbours(one: KnownDamage, other: KnownDamage): boolean {
  if (one.firstPosition !== other.firstPosition || one.reason !== other.reason) return false
  // A finding without positions has no neighbours.
  if (one.to < one.from || other.to < other.from) return false
  return one.to + 1 === other.from || other.to + 1 === one.from
}

/** The joined range keeps the place of the one that begins first. */
function joined(one: KnownDamage, other: KnownDamage): KnownDamage {
  const [first, second] = one.from < other.from ? [one, other] : [other, one]
  const { bytes, ...rest } = { ...first, to: second.to }
  if (bytes === undefined || second.bytes === undefined) return rest
  return { ...rest, bytes: { from: bytes.from, to: second.bytes.to } }
}
