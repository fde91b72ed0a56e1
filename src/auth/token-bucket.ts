// A token bucket in one word of memory that all threads share: when it will be full again, changed by compare-and-exchange.

const MINUTE_MS = 60_000
/** A full bucket is so many units, or up to twice as many. So a unit is 14 ns of refilling or less, and no sum of a year is rounded. */
const FULL_BITS = 32

/** The arithmetic of all buckets of one limit, which refill steadily within a minute. A word that is 0 is a full bucket. */
export class TokenBucket {
  /** Units of one token: a power of two, so that charges are exact. */
  private readonly scale: number
  /** Units of a full bucket. */
  private readonly full: number

  constructor(
    private readonly words: BigInt64Array,
    limit: number,
  ) {
    this.scale = 2 ** (FULL_BITS - Math.floor(Math.log2(limit)))
    this.full = Math.ceil(limit * this.scale)
  }

  /** Whole tokens that are left. */
  left(word: number, now: number): number {
    return Math.max(0, Math.floor(this.units(Atomics.load(this.words, word), now) / this.scale))
  }

  /** Seconds until the amount is there. A larger amount than the bucket holds waits for a full one and overdraws it. */
  wait(word: number, amount: number, now: number): number {
    if (amount === 0) return 0
    const missing = this.asked(amount) - this.units(Atomics.load(this.words, word), now)
    return missing <= 0 ? 0 : Math.max(1, Math.ceil((missing / this.full) * 60))
  }

  /** Returns whether the amount was there; else takes nothing. */
  take(word: number, amount: number, now: number): boolean {
    if (amount === 0) return true
    const { words } = this
    for (;;) {
      const before = Atomics.load(words, word)
      if (this.asked(amount) > this.units(before, now)) return false
      const fullAt = Math.max(Number(before), this.unitsAt(now)) + Math.ceil(amount * this.scale)
      if (Atomics.compareExchange(words, word, before, BigInt(fullAt)) === before) return true
    }
  }

  giveBack(word: number, amount: number): void {
    if (amount === 0) return
    Atomics.sub(this.words, word, BigInt(Math.ceil(amount * this.scale)))
  }

  /** Seconds. */
  untilFull(word: number, now: number): number {
    const missing = this.full - this.units(Atomics.load(this.words, word), now)
    return Math.ceil((missing / this.full) * 60)
  }

  private asked(amount: number): number {
    return Math.min(Math.ceil(amount * this.scale), this.full)
  }

  private units(fullAt: bigint, now: number): number {
    return this.full - Math.max(0, Number(fullAt) - this.unitsAt(now))
  }

  /** What a bucket is refilled by from the start of the clock until now. */
  private unitsAt(now: number): number {
    return Math.round((now / MINUTE_MS) * this.full)
  }
}
