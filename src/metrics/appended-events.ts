// Counts stored events by agent and type in plain numbers, and adds them to the counter whenever it is read.
import type { Counter } from 'prom-client'
import type { NewEvent } from '../contract/event.js'
import type { BusiestLabels } from './busiest-labels.js'
import type { BusinessCounts } from './business-counts.js'

/** Adding to a labelled counter makes, checks and hashes its labels; an append only looks two names up. */
export class AppendedEvents {
  private readonly waiting = new Map<string, Map<string, number>>()
  private business: BusinessCounts | undefined

  constructor(
    private readonly counter: Counter<'agent_id' | 'event_type'>,
    private readonly agents: BusiestLabels,
    private readonly types: BusiestLabels,
  ) {
    Object.assign(counter, { collect: () => this.pour() })
  }

  /** What is stored is counted for what it says as well. */
  countToo(business: BusinessCounts): void {
    this.business = business
  }

  stored(agentId: string, events: readonly NewEvent[]): void {
    const agent = this.agents.labelOf(agentId, events.length)
    const [first] = events
    if (events.length === 1 && first !== undefined) {
      this.add(agent, first.type, 1)
      if (this.business?.hasRuleFor(first.type) === true) this.business.take(first)
      return
    }
    // Counted by type first, so that a type is looked up once for an append and not for each event of a batch.
    const counts = new Map<string, number>()
    for (const { type } of events) counts.set(type, (counts.get(type) ?? 0) + 1)
    for (const [type, count] of counts) {
      this.add(agent, type, count)
      if (this.business?.hasRuleFor(type) === true) this.takeAll(this.business, type, events)
    }
  }

  private add(agent: string, type: string, count: number): void {
    // A label comes before the map: giving it may take other names away, and then all that waits is poured.
    const label = this.types.labelOf(type, count)
    let mine = this.waiting.get(agent)
    if (mine === undefined) {
      mine = new Map()
      this.waiting.set(agent, mine)
    }
    mine.set(label, (mine.get(label) ?? 0) + count)
  }

  private takeAll(business: BusinessCounts, type: string, events: readonly NewEvent[]): void {
    for (const event of events) if (event.type === type) business.take(event)
  }

  private pour(): void {
    for (const [agent_id, mine] of this.waiting) {
      for (const [event_type, count] of mine) this.counter.inc({ agent_id, event_type }, count)
    }
    this.waiting.clear()
  }
}
