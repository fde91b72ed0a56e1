// Which sealed indexes may keep their filter in memory: those of the newest segments, as many as fit the budget.

const DEFAULT_BYTES = 16 * 1024 * 1024

export interface FilterOwner {
  /** Rises with the age of the store: the newer segment has the greater one. */
  readonly firstPosition: number
  dropFilter(): void
}

/**
 * A filter is never loaded twice to make room for itself: an index older than all that are in memory is refused, and
 * looks its terms up instead. Any other rule would load every filter again on each pass over all segments.
 */
export class FilterBudget {
  private readonly held = new Map<FilterOwner, number>()
  private bytes = 0
  private oldest = Number.POSITIVE_INFINITY

  constructor(private readonly byteBudget = DEFAULT_BYTES) {}

  /** Whether the owner may keep this many bytes; drops older filters for it. */
  admit(owner: FilterOwner, bytes: number): boolean {
    if (bytes > this.byteBudget) return false
    if (this.bytes + bytes > this.byteBudget && !this.makeRoom(owner, bytes)) return false
    this.held.set(owner, bytes)
    this.bytes += bytes
    this.oldest = Math.min(this.oldest, owner.firstPosition)
    return true
  }

  release(owner: FilterOwner): void {
    const bytes = this.held.get(owner)
    if (bytes === undefined) return
    this.held.delete(owner)
    this.bytes -= bytes
    if (owner.firstPosition === this.oldest) {
      this.oldest = Math.min(Number.POSITIVE_INFINITY, ...[...this.held.keys()].map(other => other.firstPosition))
    }
  }

  private makeRoom(owner: FilterOwner, bytes: number): boolean {
    if (owner.firstPosition <= this.oldest) return false
    const older = [...this.held].filter(([other]) => other.firstPosition < owner.firstPosition)
    older.sort(([a], [b]) => a.firstPosition - b.firstPosition)
    const leaving: FilterOwner[] = []
    let room = this.byteBudget - this.bytes
    for (const [other, held] of older) {
      if (room >= bytes) break
      leaving.push(other)
      room += held
    }
    if (room < bytes) return false
    for (const other of leaving) {
      this.release(other)
      other.dropFilter()
    }
    return true
  }
}
