// Holds filters of sealed indexes in memory: those of the newest segments, as many as fit the budget.

const DEFAULT_BYTES = 16 * 1024 * 1024
/** A filter costs this much beside its bytes, so that the number of filters is bounded however small they are. */
export const FILTER_COST = 384

/**
 * A newer filter is never dropped for an older one: an index older than all that are in memory is refused, and looks
 * its terms up instead. Any other rule would load every filter again on each pass over all segments.
 */
export class FilterBudget {
  /** The key is the first position of the segment, which is greater for a newer segment. */
  private readonly held = new Map<number, Uint8Array>()
  private bytes = 0
  private oldest = Number.POSITIVE_INFINITY

  constructor(private readonly byteBudget = DEFAULT_BYTES) {}

  of(firstPosition: number): Uint8Array | undefined {
    return this.held.get(firstPosition)
  }

  /** Reads and keeps a filter, and drops older ones for it. Returns undefined where there is no room. */
  load(firstPosition: number, bytes: number, read: () => Uint8Array): Uint8Array | undefined {
    const cost = bytes + FILTER_COST
    if (cost > this.byteBudget) return undefined
    if (this.bytes + cost > this.byteBudget && !this.makeRoom(firstPosition, cost)) return undefined
    const filter = read()
    this.held.set(firstPosition, filter)
    this.bytes += cost
    this.oldest = Math.min(this.oldest, firstPosition)
    return filter
  }

  drop(firstPosition: number): void {
    const filter = this.held.get(firstPosition)
    if (filter === undefined) return
    this.held.delete(firstPosition)
    this.bytes -= filter.length + FILTER_COST
    if (firstPosition !== this.oldest) return
    this.oldest = Number.POSITIVE_INFINITY
    for (const other of this.held.keys()) this.oldest = Math.min(this.oldest, other)
  }

  private makeRoom(firstPosition: number, cost: number): boolean {
    if (firstPosition <= this.oldest) return false
    const older = [...this.held].filter(([other]) => other < firstPosition)
    older.sort(([a], [b]) => a - b)
    const leaving: number[] = []
    let room = this.byteBudget - this.bytes
    for (const [other, filter] of older) {
      if (room >= cost) break
      leaving.push(other)
      room += filter.length + FILTER_COST
    }
    if (room < cost) return false
    for (const other of leaving) this.drop(other)
    return true
  }
}
