// Limits how often an address may do in a minute what needs no token, in memory of all threads and in bounded number.
import type { NameHash } from '../threads/name-hash.js'
import { SharedLimits } from '../threads/shared-limits.js'

const MINUTE_MS = 60_000
/** The word of an address is the minute and, below it, the count: more than any limit. */
const COUNTS = 2 ** 20

/** Where there is no room for another address, that of the oldest minute gives way, and of those the one counted least. */
export class AddressLimit {
  private readonly names: NameHash

  /** `kind` keeps what is counted here apart from what others count of the same addresses. */
  constructor(
    private readonly mostInAMinute: number,
    kind: string,
    private readonly limits = new SharedLimits(),
  ) {
    this.names = limits.names.ofKind(kind)
  }

  /** Counts, and says whether it was not too often. */
  admits(address: string): boolean {
    const { limits, mostInAMinute } = this
    const { cells } = limits.addresses
    const minute = Math.floor(limits.now() / MINUTE_MS) * COUNTS
    const word = limits.addresses.of(this.names.of(address), minute)
    for (;;) {
      const before = Atomics.load(cells, word)
      // Another thread may have read the clock a little later, and be in the next minute.
      const counted = Math.max(minute, Number(before))
      if (counted % COUNTS >= mostInAMinute) return false
      if (Atomics.compareExchange(cells, word, before, BigInt(counted + 1)) === before) return true
    }
  }
}
