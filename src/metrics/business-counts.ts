// Counts events for what they say, by rules of the configuration: after they are durable, and off the turn of their append.
import { type FieldPath, valueAt } from '../contract/check/field-path.js'
import { type NewEvent, Packed } from '../contract/event.js'
import { unpack } from '../record/codec/reader.js'
import { BusiestLabels, OTHER } from './busiest-labels.js'

interface Rule {
  readonly metric: string
  readonly types: readonly string[]
  readonly outcome: FieldPath
}

/** The outcome of an event that has none where its rule looks. */
const NONE = 'none'
const MOST_OUTCOMES = 20
const LONGEST_OUTCOME = 64

export interface CountedOutcome {
  readonly metric: string
  readonly outcome: string
  readonly events: number
}

/** What is counted under one name. */
class Outcomes {
  readonly counts = new Map<string, number>()
  private readonly named = new BusiestLabels(MOST_OUTCOMES)

  constructor() {
    this.named.listen(() => this.giveUp())
  }

  add(outcome: string, events = 1): void {
    const label = this.named.labelOf(outcome, events)
    this.counts.set(label, (this.counts.get(label) ?? 0) + events)
  }

  /** The counts of what has lost its name go on as that of the others, so that no sum falls. */
  private giveUp(): void {
    for (const [label, count] of this.counts) {
      if (this.named.has(label)) continue
      this.counts.delete(label)
      this.counts.set(OTHER, (this.counts.get(OTHER) ?? 0) + count)
    }
  }
}

interface Counting {
  readonly outcome: FieldPath
  readonly under: Outcomes
}

export class BusinessCounts {
  private readonly byType = new Map<string, Counting[]>()
  private readonly byMetric = new Map<string, Outcomes>()
  private waiting: NewEvent[] = []

  constructor(rules: readonly Rule[]) {
    for (const { metric, types, outcome } of rules) {
      const under = this.byMetric.get(metric) ?? new Outcomes()
      this.byMetric.set(metric, under)
      for (const type of types) this.byType.set(type, [...(this.byType.get(type) ?? []), { outcome, under }])
    }
  }

  hasRuleFor(type: string): boolean {
    return this.byType.has(type)
  }

  /** Of a type that has a rule. What it says is looked at later, because it may be long and packed. */
  take(event: NewEvent): void {
    if (this.waiting.length === 0) setImmediate(this.count)
    this.waiting.push(event)
  }

  get values() {
    this.count()
    return [...this.byMetric].flatMap(([metric, { counts }]) =>
      [...counts].map(([event_outcome, value]) => ({ labels: { metric, event_outcome }, value })),
    )
  }

  /** What was counted since the last time; it is counted here no longer. */
  takeCounts(): CountedOutcome[] {
    this.count()
    return [...this.byMetric].flatMap(([metric, { counts }]) => {
      const taken = [...counts].map(([outcome, events]) => ({ metric, outcome, events }))
      counts.clear()
      return taken
    })
  }

  /** What another thread has counted by the same rules. */
  add({ metric, outcome, events }: CountedOutcome): void {
    this.byMetric.get(metric)?.add(outcome, events)
  }

  private readonly count = (): void => {
    const events = this.waiting
    this.waiting = []
    for (const { type, data } of events) {
      const said = { type, data: data instanceof Packed ? unpack(data.bytes) : data }
      for (const { outcome, under } of this.byType.get(type) ?? []) under.add(outcomeOf(valueAt(said, outcome)))
    }
  }
}

/** A long text is no outcome but a story. */
function outcomeOf(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string' || value === '') return NONE
  return value.length > LONGEST_OUTCOME ? OTHER : value
}
