// Makes generated events of descriptions: gives them their ref, their size, and the time that their agent believes it is.
import type { JsonObject } from '../event.js'
import type { EventKind, GeneratedEvent } from './generated-event.js'
import type { Random } from './random.js'
import { Filler } from './sizes.js'

export interface Description {
  readonly kind: EventKind
  readonly agentId: string
  readonly stream: string
  readonly type: string
  readonly data: JsonObject
  /** Beside the ref in `metadata`. */
  readonly labels?: JsonObject | undefined
  readonly tags?: readonly string[] | undefined
  readonly schemaVersion?: number | undefined
  readonly correlationId?: string | undefined
  readonly sessionId?: string | undefined
}

export interface Makeup {
  /** The share of events larger than 10 KB. */
  readonly largeShare: number
  /** The deviation of the clocks of agents, in milliseconds; no clock is further off than four times that. */
  readonly skewMs: number
}

const MOST_SKEW = 4

export class EventMaker {
  private made = 0
  private readonly skews = new Map<string, number>()
  private readonly filler: Filler

  constructor(
    /** What the refs begin with. */
    private readonly label: string,
    /** Of the whole seed, so that a clock is wrong by the same in all that is generated. */
    private readonly random: Random,
    private readonly makeup: Makeup,
  ) {
    this.filler = new Filler(random.fork(`sizes/${label}`), makeup.largeShare)
  }

  /** An event at a time in microseconds, caused by others, the nearest first. */
  make(at: number, causes: readonly GeneratedEvent[], description: Description): GeneratedEvent {
    const { kind, agentId, labels, data, ...rest } = description
    const ref = `${this.label}/${this.made++}`
    const occurredAt = timeOf(at + this.skewOf(agentId))
    const event = { ...rest, data: this.filler.filled(data), metadata: { ref, ...labels }, occurredAt }
    return { ref, kind, agentId, at, causes: causes.map(cause => cause.ref), event }
  }

  /** In microseconds. */
  private skewOf(agentId: string): number {
    let skew = this.skews.get(agentId)
    if (skew === undefined) {
      const deviation = this.random.fork(`clock/${agentId}`).normal()
      skew = Math.round(Math.max(-MOST_SKEW, Math.min(MOST_SKEW, deviation)) * this.makeup.skewMs * 1000)
      this.skews.set(agentId, skew)
    }
    return skew
  }
}

/** RFC 3339 with six decimals. */
function timeOf(micros: number): string {
  const below = String(((micros % 1000) + 1000) % 1000).padStart(3, '0')
  return new Date(Math.floor(micros / 1000)).toISOString().replace('Z', `${below}Z`)
}
