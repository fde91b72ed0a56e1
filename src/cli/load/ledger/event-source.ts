// The events that a generator of load sends: those of agents at work, made before the time begins, and sent again under names of their own.
import { EventDataGenerator, type GeneratedEvent } from '#client/testing'

/** More are not made: a million events would take longer to make than to store. */
const MOST_MADE = 4_000

export interface Made {
  readonly seed: string
  readonly agents: number
  readonly largeShare: number
  /** How many will be asked for, as far as is known. */
  readonly about: number
  /** When the first of them happens. */
  readonly start: string
}

/** What was asked for, and all that is needed to make it once more. */
export interface SentEvent extends GeneratedEvent {
  /** Among all of the source, from 0. */
  readonly index: number
  /** When it was to be sent, in milliseconds since 1970. */
  readonly sentAt: number
}

export class EventSource {
  private readonly pool: readonly GeneratedEvent[]
  private readonly places: ReadonlyMap<string, number>

  constructor(
    /** All streams lie below it, and all refs begin with it. */
    readonly base: string,
    readonly made: Made,
    private asked = 0,
  ) {
    const { seed, agents, largeShare, about, start } = made
    const mix = new EventDataGenerator({ seed, start, largeShare }).mix({ agents })
    const pool: GeneratedEvent[] = []
    for (const generated of mix) {
      pool.push(generated)
      if (pool.length >= Math.min(MOST_MADE, about)) break
    }
    this.pool = pool
    this.places = new Map(pool.map(({ ref }, place) => [ref, place]))
  }

  get given(): number {
    return this.asked
  }

  /** Nothing is caused by what lies so many events back, or farther. */
  get round(): number {
    return this.pool.length
  }

  /** The next event, which says in its metadata when it was to be sent, in milliseconds since 1970. */
  next(sentAt: number): SentEvent {
    return this.at(this.asked++, sentAt)
  }

  /** The same as when it was given. */
  at(index: number, sentAt: number): SentEvent {
    const round = Math.floor(index / this.pool.length)
    const { event, causes, ref, ...rest } = this.pool[index % this.pool.length] as GeneratedEvent
    const own = (name: string) => `${this.base}/${round}/${name}`
    const metadata = { ...event.metadata, ref: own(ref), sentAt }
    const stream = `${this.base}/${event.stream}`
    // Sessions end, so those of a later round are others.
    const sessionId = event.sessionId && own(event.sessionId)
    const sent = { ...event, stream, metadata, sessionId }
    return { ...rest, index, sentAt, ref: own(ref), causes: causes.map(own), event: sent }
  }

  /** Of an event of this source; undefined for anything else. */
  indexOf(ref: string): number | undefined {
    if (!ref.startsWith(`${this.base}/`)) return undefined
    const begin = this.base.length + 1
    const slash = ref.indexOf('/', begin)
    const round = Number(ref.slice(begin, slash))
    const place = this.places.get(ref.slice(slash + 1))
    return place === undefined || !Number.isSafeInteger(round) ? undefined : round * this.pool.length + place
  }
}

/** When an event that was read was to be sent; undefined where no generator of load has sent it. */
export function sentAtOf({ metadata }: { readonly metadata?: object | undefined }): number | undefined {
  const at = (metadata as { readonly sentAt?: unknown } | undefined)?.sentAt
  return typeof at === 'number' ? at : undefined
}
