// Rows by name in memory of all threads: a table of fixed size in which whoever is new takes the place of the oldest.
import type { NameHash } from './name-hash.js'

/** A name stands within so many rows of the one its hash says. With a third of the rows in use none of them misses its place. */
const WINDOW = 64

/**
 * Every row belongs to all threads and is changed by single atomic operations only, so a thread that ends in the midst
 * of anything leaves nothing locked. A row in use never becomes free again; it is given to another name. Whoever still
 * holds the index of such a row changes what is the other's by one operation, which does little harm.
 */
export class SharedRows {
  private readonly halves: Int32Array
  private readonly mask: number
  private readonly width: number

  /** The number of keys must be a power of two, and divide the number of cells. */
  constructor(
    private readonly keys: BigInt64Array,
    readonly cells: BigInt64Array,
  ) {
    this.halves = new Int32Array(keys.buffer, keys.byteOffset, 2 * keys.length)
    this.mask = keys.length - 1
    this.width = cells.length / keys.length
  }

  /**
   * Returns where the cells of the name begin. Those of a new one are 0, but for the first, which is its rank: where all
   * rows of a window are in use, that of the lowest rank is given to the new name.
   */
  of(name: NameHash, rank: number): number {
    const { low, high } = name
    const { halves, mask, width } = this
    for (let step = 0; step < WINDOW; step++) {
      const row = (low + step) & mask
      const itsLow = Atomics.load(halves, 2 * row)
      if (itsLow !== low && itsLow !== 0) continue
      const itsHigh = Atomics.load(halves, 2 * row + 1)
      if (itsLow === low && itsHigh === high) return row * width
      if (itsLow === 0 && itsHigh === 0 && this.claim(row, 0n, name.key)) return this.ranked(row, rank)
    }
    return this.inPlaceOfTheLowest(name, rank)
  }

  private inPlaceOfTheLowest(name: NameHash, rank: number): number {
    const { key } = name
    const row = this.lowest(name.low)
    const before = Atomics.load(this.keys, row)
    if (before !== key) {
      // Before it has its new name, so that nothing is forgotten that is charged to that.
      for (let cell = 0; cell < this.width; cell++) Atomics.store(this.cells, row * this.width + cell, 0n)
      // Where another thread has given the row away meanwhile, the next lowest is looked for.
      if (!this.claim(row, before, key)) return this.of(name, rank)
    }
    return this.ranked(row, rank)
  }

  private lowest(from: number): number {
    let found = from & this.mask
    let least = Number.POSITIVE_INFINITY
    for (let step = 0; step < WINDOW; step++) {
      const row = (from + step) & this.mask
      const rank = Number(Atomics.load(this.cells, row * this.width))
      if (rank >= least) continue
      least = rank
      found = row
    }
    return found
  }

  /** Also true where another thread has claimed it for the same name just now. */
  private claim(row: number, before: bigint, key: bigint): boolean {
    const found = Atomics.compareExchange(this.keys, row, before, key)
    return found === before || found === key
  }

  /** Whoever found the row meanwhile may have counted in its first cell, which then stays. */
  private ranked(row: number, rank: number): number {
    const first = row * this.width
    Atomics.compareExchange(this.cells, first, 0n, BigInt(rank))
    return first
  }
}
