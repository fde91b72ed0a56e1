// Limits how often an address may do in a minute what needs no token, in bounded memory.
const mostAddresses = 10_000
const minuteMs = 60_000

export class AddressLimit {
  private counts = new Map<string, number>()
  private minute = 0

  constructor(
    private readonly mostInAMinute: number,
    private readonly now: () => number,
  ) {}

  /** Counts, and says whether it was not too often. Forgetting all counts lets a few more through and harms nothing. */
  admits(address: string): boolean {
    const minute = Math.floor(this.now() / minuteMs)
    if (minute !== this.minute || this.counts.size >= mostAddresses) {
      this.counts = new Map()
      this.minute = minute
    }
    const count = (this.counts.get(address) ?? 0) + 1
    this.counts.set(address, count)
    return count <= this.mostInAMinute
  }
}
