// Counts what is held under names until it is given back, and lets no more be held than one limit over all threads.
import type { NameHash } from './name-hash.js'
import type { SharedLimits } from './shared-limits.js'

/**
 * What this thread holds stands in a map of its own; where there are more threads it is told to them, and theirs is
 * added to it. A thread that has ended holds nothing more once it is forgotten, whatever it was about to do.
 */
export class HeldCounts {
  /** A name under which nothing is held has no entry, so that memory is bounded by what is held. */
  private readonly own = new Map<string, number>()
  private readonly names: NameHash
  private readonly shares: SharedLimits['shares']

  /** `kind` keeps names of one kind apart from the same names of another. */
  constructor(limits: SharedLimits, kind: string) {
    this.names = limits.names.ofKind(kind)
    this.shares = limits.shares
  }

  /** Returns whether all threads together hold no more than `most` with it; else holds nothing. */
  take(name: string, amount: number, most: number): boolean {
    const before = this.own.get(name) ?? 0
    if (!this.fits(name, before, before + amount, most)) return false
    this.own.set(name, before + amount)
    return true
  }

  giveBack(name: string, amount: number): void {
    const left = (this.own.get(name) ?? 0) - amount
    if (left > 0) this.own.set(name, left)
    else this.own.delete(name)
    this.shares?.tell(this.names.of(name), Math.max(0, left))
  }

  /** By all threads. */
  heldBy(name: string): number {
    const own = this.own.get(name) ?? 0
    return this.shares === undefined ? own : own + this.shares.ofOthers(this.names.of(name))
  }

  /**
   * Says first and looks then, so that of two that take the last one at least one sees the other. Whoever sees too much
   * takes it back and looks again; the last of them to do so sees none of the others any more, so they are never all
   * refused what there is.
   */
  private fits(name: string, before: number, wanted: number, most: number): boolean {
    const { shares } = this
    if (shares === undefined) return wanted <= most
    const hash = this.names.of(name)
    while (wanted + shares.ofOthers(hash) <= most) {
      shares.tell(hash, wanted)
      if (wanted + shares.ofOthers(hash) <= most) return true
      shares.tell(hash, before)
    }
    return false
  }
}
