// Gathers denials into few events: one a minute for each caller, reason and route, with a count and an upper bound.
import type { Denial } from '../auth/denials.js'
import type { PlainEvent } from '../service-streams/held-events.js'

/** The bound holds however many addresses attack at once. */
const MOST_A_MINUTE = 100

export const SECURITY_STREAM = '$security'

interface Entry {
  readonly denial: Denial
  readonly first: string
  count: number
}

export class Journal {
  private entries = new Map<string, Entry>()
  /** Denials beyond the bound are only counted. */
  private others = 0

  constructor(private readonly now: () => Date = () => new Date()) {}

  /** Returns whether this is the first denial since the last `take`. */
  note(denial: Denial): boolean {
    const { reason, who, route } = denial
    const name = `${reason} ${who} ${route}`
    const entry = this.entries.get(name)
    const first = this.entries.size === 0 && this.others === 0
    if (entry !== undefined) entry.count++
    else if (this.entries.size < MOST_A_MINUTE)
      this.entries.set(name, { denial, first: this.now().toISOString(), count: 1 })
    else this.others++
    return first
  }

  /** Returns what was gathered as events, and starts empty again. */
  take(): PlainEvent[] {
    const events: PlainEvent[] = [...this.entries.values()].map(({ denial, first, count }) => ({
      type: 'access.denied',
      stream: SECURITY_STREAM,
      data: { ...denial, first, count },
    }))
    if (this.others > 0) {
      events.push({ type: 'access.denied', stream: SECURITY_STREAM, data: { reason: 'MANY', count: this.others } })
    }
    this.entries = new Map()
    this.others = 0
    return events
  }
}
