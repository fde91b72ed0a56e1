// The hash by which a name stands in memory of all threads: HalfSipHash-1-3, keyed, 64 bits.

/**
 * The key is drawn when the process starts, so nobody outside can look for two names of one hash. That two of 10,000
 * names have one by accident has a probability of 10,000² / 2^65, about 3 in 10^12; such two would be counted as one.
 */
export class NameHash {
  /** Of the name that was hashed last. Never both 0, which is the hash of a place that is free. */
  low = 0
  high = 0
  private v0 = 0
  private v1 = 0
  private v2 = 0
  private v3 = 0

  constructor(
    private readonly key0: number,
    private readonly key1: number,
  ) {}

  /** Hashes names of this kind by a key of their own, so that equal names of two kinds are two. */
  ofKind(kind: string): NameHash {
    const { low, high } = this.of(kind)
    return new NameHash(low, high)
  }

  /** Returns itself with the hash of the name, until it is asked for the next. */
  of(name: string): this {
    this.v0 = this.key0
    this.v1 = this.key1 ^ 0xee
    this.v2 = this.key0 ^ 0x6c796765
    this.v3 = this.key1 ^ 0x74656462
    const { length } = name
    const even = length & ~1
    for (let at = 0; at < even; at += 2) this.take(name.charCodeAt(at) | (name.charCodeAt(at + 1) << 16))
    this.take(((2 * length) << 24) | (even === length ? 0 : name.charCodeAt(even)))
    this.v2 ^= 0xee
    this.low = this.half()
    this.v1 ^= 0xdd
    this.high = this.half()
    if (this.low === 0 && this.high === 0) this.high = 1
    return this
  }

  /** The same as one number. */
  get key(): bigint {
    return BigInt.asIntN(64, (BigInt(this.high) << 32n) | BigInt(this.low >>> 0))
  }

  private take(word: number): void {
    this.v3 ^= word
    this.round()
    this.v0 ^= word
  }

  private half(): number {
    this.round()
    this.round()
    this.round()
    return this.v1 ^ this.v3
  }

  private round(): void {
    let { v0, v1, v2, v3 } = this
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
    this.v0 = v0
    this.v1 = v1
    this.v2 = v2
    this.v3 = v3
  }
}
