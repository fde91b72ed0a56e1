// A fleet of mock agents: hands each the events that are its own, and lets all of them append at once.
import type { Lighthouse } from '../lighthouse.js'
import type { GeneratedEvent } from './generated-event.js'
import { Ledger } from './ledger.js'
import { type AgentCounts, BEHAVIOURS, type Behaviour, MockAgent } from './mock-agent.js'

export interface FleetOptions {
  readonly seed?: number | string | undefined
  /** How an agent behaves; without it the agents take turns at all behaviours, in the order in which they appear. */
  readonly behaviourOf?: ((agentId: string) => Behaviour) | undefined
  /** In what share of cases an agent behaves as it does; default 0.2. */
  readonly share?: number | undefined
  readonly slowMs?: number | undefined
}

export class Fleet {
  readonly ledger = new Ledger()
  private readonly members = new Map<string, MockAgent>()

  constructor(
    /** A client with a token of that agent. */
    private readonly clientOf: (agentId: string) => Lighthouse,
    private readonly options: FleetOptions = {},
  ) {}

  get agents(): readonly MockAgent[] {
    return [...this.members.values()]
  }

  /** The agent of that id, which is made when it is asked for the first time. */
  agent(agentId: string): MockAgent {
    let agent = this.members.get(agentId)
    if (agent === undefined) {
      const { behaviourOf, ...options } = this.options
      const turn = BEHAVIOURS[this.members.size % BEHAVIOURS.length]
      const behaviour = behaviourOf === undefined ? turn : behaviourOf(agentId)
      agent = new MockAgent(this.clientOf(agentId), this.ledger, { ...options, agentId, behaviour })
      this.members.set(agentId, agent)
    }
    return agent
  }

  /** Resolves when all are acknowledged. The events are held until then, so give it as many as memory has room for. */
  async append(events: Iterable<GeneratedEvent>, signal?: AbortSignal): Promise<void> {
    const own = new Map<MockAgent, GeneratedEvent[]>()
    for (const generated of events) {
      const agent = this.agent(generated.agentId)
      this.ledger.expect(generated.ref)
      const list = own.get(agent)
      if (list === undefined) own.set(agent, [generated])
      else list.push(generated)
    }
    const appending = [...own].map(async ([agent, list]) => {
      try {
        await agent.append(list, signal)
      } finally {
        // An agent that gives up must not keep those who wait for its events.
        for (const { ref } of list) this.ledger.giveUp(ref)
      }
    })
    const failed = (await Promise.allSettled(appending)).find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  /** What all agents have done together. */
  get counts(): AgentCounts {
    const [first, ...others] = this.agents.map(({ counts }) => counts)
    if (first === undefined) throw new Error('the fleet has no agents yet')
    const sum = { ...first }
    for (const counts of others) {
      for (const name of Object.keys(sum) as (keyof AgentCounts)[]) sum[name] += counts[name]
    }
    return sum
  }
}
