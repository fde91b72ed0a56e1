// Chooses which values of an unbounded label keep their names: the busiest hundred, in bounded memory. Pure.

export const OTHER = 'other'

/** At most this many values are counted; further ones are not counted before the next turn. */
const WATCHED = 1_000
/** The names are assigned again after this much has been counted. */
const TURN = 10_000

export class BusiestLabels {
  private named = new Set<string>()
  private counts = new Map<string, number>()
  private counted = 0
  private listener: (() => void) | undefined

  constructor(
    private readonly most = 100,
    private readonly turn = TURN,
  ) {}

  /** Called when a value has lost its name. */
  listen(listener: () => void): void {
    this.listener = listener
  }

  /** Whether this is a label that is given now. */
  has(label: string): boolean {
    return label === OTHER || this.named.has(label)
  }

  /** The value itself while it is among the busiest, else `other`. */
  labelOf(value: string, amount = 1): string {
    this.count(value, amount)
    if (this.named.has(value)) return value
    // A new value gets a name as long as one is free.
    if (this.named.size >= this.most) return OTHER
    this.named.add(value)
    return value
  }

  private count(value: string, amount: number): void {
    const held = this.counts.get(value)
    if (held !== undefined || this.counts.size < WATCHED) this.counts.set(value, (held ?? 0) + amount)
    this.counted += amount
    if (this.counted >= this.turn) this.giveAnew()
  }

  /** Keeps half of each count, so that one quiet turn does not cost a busy value its name. */
  private giveAnew(): void {
    const busiest = [...this.counts].sort(([, one], [, other]) => other - one)
    const before = this.named
    this.named = new Set(busiest.slice(0, this.most).map(([value]) => value))
    this.counts = new Map(busiest.slice(0, WATCHED / 2).map(([value, count]) => [value, count / 2]))
    this.counted = 0
    if ([...before].some(value => !this.named.has(value))) this.listener?.()
  }
}
