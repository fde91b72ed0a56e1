// Counts durations in buckets that grow by a twelfth, in a kilobyte: recording costs a logarithm and one increment.

const PER_OCTAVE = 8
/** From a microsecond to more than a quarter of an hour. */
const BUCKETS = 30 * PER_OCTAVE

export class LogHistogram {
  private readonly counts = new Uint32Array(BUCKETS)
  private recorded = 0

  record(ms: number): void {
    const bucket = ms > 0.001 ? Math.min(BUCKETS - 1, Math.floor(Math.log2(ms * 1_000) * PER_OCTAVE)) : 0
    this.counts[bucket] = (this.counts[bucket] as number) + 1
    this.recorded++
  }

  /** How many took at most so long; those that took up to a twelfth longer may be among them. */
  within(ms: number): number {
    const last = Math.min(BUCKETS - 1, Math.floor(Math.log2(Math.max(1, ms * 1_000)) * PER_OCTAVE))
    let count = 0
    for (let bucket = 0; bucket <= last; bucket++) count += this.counts[bucket] as number
    return count
  }

  add(other: LogHistogram): void {
    this.addCounts(other.counts)
  }

  /** As another thread has counted. */
  addCounts(counts: Uint32Array): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = counts[bucket] as number
      this.counts[bucket] = (this.counts[bucket] as number) + count
      this.recorded += count
    }
  }

  /** A copy, for another thread. */
  toCounts(): Uint32Array<ArrayBuffer> {
    return Uint32Array.from(this.counts)
  }

  clear(): void {
    this.counts.fill(0)
    this.recorded = 0
  }

  /** The upper bound of the bucket that holds the quantile, in ms; undefined when nothing was recorded. */
  quantile(q: number): number | undefined {
    let left = Math.ceil(this.recorded * q)
    if (left === 0) return undefined
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.counts[bucket] as number
      if (left <= 0) return 2 ** ((bucket + 1) / PER_OCTAVE) / 1_000
    }
    return undefined
  }
}
