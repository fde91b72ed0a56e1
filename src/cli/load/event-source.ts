// The events that a generator of load sends: those of agents at work, made before the time begins, and sent again under names of their own.
import { EventDataGenerator, type GeneratedEvent } from '#client/testing'

/** More are not made: a million events would take longer to make than to store. */
const MOST_MADE = 4_000

interface Made {
  readonly seed: string
  readonly agents: number
  readonly largeShare: number
  /** How many will be asked for, as far as is known. */
  readonly about: number
}

export class EventSource {
  private readonly pool: readonly GeneratedEvent[]
  private given = 0

  constructor(
    /** All streams lie below it, and all refs begin with it. */
    private readonly base: string,
    { seed, agents, largeShare, about }: Made,
  ) {
    const start = new Date().toISOString()
    const mix = new EventDataGenerator({ seed, start, largeShare }).mix({ agents })
    const pool: GeneratedEvent[] = []
    for (const generated of mix) {
      pool.push(generated)
      if (pool.length >= Math.min(MOST_MADE, about)) break
    }
    this.pool = pool
  }

  /** The next event, which says in its metadata when it was to be sent, in milliseconds since 1970. */
  next(sentAt: number): GeneratedEvent {
    const round = Math.floor(this.given / this.pool.length)
    const { event, causes, ref, ...rest } = this.pool[this.given++ % this.pool.length] as GeneratedEvent
    const own = (name: string) => `${this.base}/${round}/${name}`
    const metadata = { ...event.metadata, ref: own(ref), sentAt }
    const stream = `${this.base}/${event.stream}`
    return { ...rest, ref: own(ref), causes: causes.map(own), event: { ...event, stream, metadata } }
  }
}

/** When an event that was read was to be sent; undefined where no generator of load has sent it. */
export function sentAtOf({ metadata }: { readonly metadata?: object | undefined }): number | undefined {
  const at = (metadata as { readonly sentAt?: unknown } | undefined)?.sentAt
  return typeof at === 'number' ? at : undefined
}
