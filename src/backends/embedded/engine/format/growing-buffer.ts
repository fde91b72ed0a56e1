// A buffer that grows as it is written and is used again for the next batch.

export class GrowingBuffer {
  at = 0

  constructor(public buffer: Buffer = Buffer.allocUnsafeSlow(1 << 16)) {}

  /** Makes room for `bytes` more; `buffer` may be another one afterwards. */
  reserve(bytes: number): void {
    const needed = this.at + bytes
    if (needed <= this.buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2))
    this.buffer.copy(larger, 0, 0, this.at)
    this.buffer = larger
  }
}
