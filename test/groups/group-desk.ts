// A group on a store that a test gives it, opened as the server opens it, with the few words in which stories are told.
import type { Clock } from '../../src/contract/clock.js'
import type { EventStore } from '../../src/contract/event-store.js'
import type { Definition } from '../../src/subscriptions/groups/definition.js'
import type { Group } from '../../src/subscriptions/groups/group.js'
import { OpenGroups } from '../../src/subscriptions/groups/open-groups.js'
import type { Delivery } from '../../src/subscriptions/groups/takers.js'

export const DEFINED: Definition = {
  ...{ filter: { types: ['task'] }, after: 'start', start: 0, definedBy: 'boss' },
  ...{ ackTimeoutSeconds: 30, maxAttempts: 5, maxInFlight: 1_000, ordering: 'none', damaged: 'stop' },
}

export class GroupDesk {
  readonly groups: OpenGroups

  constructor(
    readonly store: EventStore,
    clock: Clock,
    changesBetweenStates = 1_000,
    private readonly name = 'g',
  ) {
    this.groups = new OpenGroups({ store, clock, changesBetweenStates })
  }

  group(): Promise<Group> {
    return this.groups.group(this.name)
  }

  async define(more: Partial<Definition> = {}): Promise<void> {
    await (await this.group()).define({ ...DEFINED, ...more })
  }

  async offer(count: number, stream = 'tasks'): Promise<void> {
    const events = Array.from({ length: count }, (_, n) => ({ type: 'task', stream, data: { n } }))
    await this.store.append({ events, author: { agentId: 'writer' } })
  }

  async take(max: number, waitMs = 0, consumer = 'a'): Promise<readonly Delivery[]> {
    return (await this.group()).take({ consumer, covers: () => true, max, waitMs })
  }

  async settle(
    deliveries: readonly Delivery[],
    action: 'ack' | 'skip' | 'retry' | 'park' = 'ack',
    delaySeconds = 0,
  ): Promise<number> {
    if (deliveries.length === 0) return 0
    const tokens = deliveries.map(({ token }) => token)
    return (await this.group()).settle({ tokens, action, by: 'a', forOthers: false, delaySeconds })
  }
}

export const positionsOf = (deliveries: readonly Delivery[]) => deliveries.map(({ event }) => event.position)
