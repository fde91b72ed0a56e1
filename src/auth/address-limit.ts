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

  /** Counts, and says whether it was not too often. */
  admits(address: string): boolean {
    const minute = Math.floor(this.now() / minuteMs)
    if (minute !== this.minute) {
      this.counts = new Map()
      this.minute = minute
    }
    const count = (this.counts.get(address) ?? 0) + 1
    this.counts.delete(address)
    // Only the address that was not heard of for longest gives way: many together must not clear the counts of all.
    if (this.counts.size >= mostAddresses) this.counts.delete(this.counts.keys().next().value as string)
    this.counts.set(address, count)
    return count <= this.mostInAMinute
  }
}
