// Finds the consumers of a group defined before definitions named them: the agents that were given its events.
import type { EventStore } from '../contract/event-store.js'
import type { Consumers } from './state/group-definition.js'
import { SUBSCRIPTIONS_STREAM, tagOf } from './state/group-events.js'
import { GROUP_LIMITS } from './state/group-limits.js'
import type { GroupState } from './state/group-state.js'

/** The most takes that are read, newest first. */
const LOOKED_AT = 100_000

/** Names with a star are left out, because as patterns they would let other agents in. */
export async function consumersBefore(
  store: EventStore,
  name: string,
  { inFlight: out }: GroupState,
): Promise<Consumers> {
  const agents = new Set([...out.values()].map(({ consumer }) => consumer))
  const filter = { streams: [SUBSCRIPTIONS_STREAM], tags: [tagOf(name)], types: ['EventsTaken', 'SubscriptionDefined'] }
  let looked = 0
  for await (const { type, data } of store.read({ filter, order: 'desc', onDamaged: () => undefined })) {
    // Takes before the definition belong to an earlier group of this name.
    if (type === 'SubscriptionDefined' || ++looked > LOOKED_AT) break
    agents.add(data['consumer'] as string)
    if (agents.size > GROUP_LIMITS.consumerAgents) break
  }
  const named = [...agents].filter(agent => !agent.includes('*')).slice(0, GROUP_LIMITS.consumerAgents)
  return { agents: named.sort(), roles: [] }
}
