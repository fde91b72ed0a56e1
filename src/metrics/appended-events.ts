// Counts stored events by agent and type in plain numbers, and adds them to the counter whenever it is read.
import type { Counter } from 'prom-client'
import type { NewEvent } from '../contract/event.js'
import type { BusiestLabels } from './busiest-labels.js'
import type { BusinessCounts, CountedOutcome } from './business-counts.js'
import { giveUpSeries } from './give-up-series.js'

interface Counted {
  events: number
}

/** What a front thread has counted and the writer has not: in lists side by side, because maps cost ten times as much to cross. */
export interface EventCounts {
  readonly agents: readonly string[]
  readonly types: readonly string[]
  /** Of the agent and type at the same place. */
  readonly events: readonly number[]
  readonly outcomes: readonly CountedOutcome[]
}

/** Pairs of an agent and a type that are counted before they are added, so that memory is bounded. */
const MOST_WAITING = 1_000

/** Choosing labels and adding to a labelled counter takes many look-ups; an append takes two, the rest is done for many at a time. */
export class AppendedEvents {
  private waiting = new Map<string, Map<string, Counted>>()
  private pairs = 0
  private business: BusinessCounts | undefined
  /** Of a front thread; undefined where there is a counter to add to. */
  private hand: ((counts: EventCounts) => void) | undefined
  /** Until the series of names that are busy no longer are gone. */
  private givingUp: Promise<void> | undefined

  constructor(
    private readonly counter: Counter<'agent_id' | 'event_type'>,
    private readonly named: Readonly<Record<'agent_id' | 'event_type', BusiestLabels>>,
  ) {
    for (const labels of Object.values(named))
      labels.listen(() => {
        this.givingUp = giveUpSeries(counter, named)
      })
    Object.assign(counter, { collect: () => this.collect() })
  }

  /** What is stored is counted for what it says as well. */
  countToo(business: BusinessCounts): void {
    this.business = business
  }

  /** From now on nothing is added to the counter here: who is busy is known of all threads together. */
  handTo(hand: (counts: EventCounts) => void): void {
    this.hand = hand
  }

  /** Nothing is said where nothing was counted. */
  handOver(): void {
    const outcomes = this.business?.takeCounts() ?? []
    if (this.pairs === 0 && outcomes.length === 0) return
    const [agents, types, counts]: [string[], string[], number[]] = [[], [], []]
    for (const [agent, mine] of this.takeWaiting()) {
      for (const [type, { events }] of mine) {
        agents.push(agent)
        types.push(type)
        counts.push(events)
      }
    }
    this.hand?.({ agents, types, events: counts, outcomes })
  }

  /** Adds what a front thread has handed over. */
  take({ agents, types, events, outcomes }: EventCounts): void {
    for (const [at, agent] of agents.entries()) this.add(agent, types[at] as string, events[at] as number)
    for (const outcome of outcomes) this.business?.add(outcome)
  }

  stored(agentId: string, events: readonly NewEvent[]): void {
    const [first] = events
    if (events.length === 1 && first !== undefined) {
      this.add(agentId, first.type, 1)
      if (this.business?.hasRuleFor(first.type) === true) this.business.take(first)
      return
    }
    // Counted by type first, so that a type is looked up once for an append and not for each event of a batch.
    const counts = new Map<string, number>()
    for (const { type } of events) counts.set(type, (counts.get(type) ?? 0) + 1)
    for (const [type, count] of counts) {
      this.add(agentId, type, count)
      if (this.business?.hasRuleFor(type) === true) this.takeAll(this.business, type, events)
    }
  }

  private add(agent: string, type: string, count: number): void {
    const counted = this.waiting.get(agent)?.get(type)
    if (counted !== undefined) counted.events += count
    else this.begin(agent, type, count)
  }

  private begin(agent: string, type: string, count: number): void {
    if (this.pairs >= MOST_WAITING) this.pour()
    this.pairs++
    const mine = this.waiting.get(agent)
    if (mine === undefined) this.waiting.set(agent, new Map([[type, { events: count }]]))
    else mine.set(type, { events: count })
  }

  private takeAll(business: BusinessCounts, type: string, events: readonly NewEvent[]): void {
    for (const event of events) if (event.type === type) business.take(event)
  }

  /** Nothing to wait for where nothing was added: giving series up asks for the values itself. */
  private collect(): Promise<void> | undefined {
    if (this.pairs === 0) return undefined
    this.pour()
    return this.givingUp
  }

  private takeWaiting(): Map<string, Map<string, Counted>> {
    const { waiting } = this
    this.waiting = new Map()
    this.pairs = 0
    return waiting
  }

  private pour(): void {
    if (this.hand !== undefined) {
      this.handOver()
      return
    }
    // Giving a label may take the names of others away, and then this is called once more: it must find nothing to add twice.
    for (const [agent, mine] of this.takeWaiting()) {
      for (const [type, { events }] of mine) {
        const agent_id = this.named.agent_id.labelOf(agent, events)
        const event_type = this.named.event_type.labelOf(type, events)
        this.counter.inc({ agent_id, event_type }, events)
      }
    }
  }
}
