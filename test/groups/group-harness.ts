// A group on a store that a test gives it, opened as the server opens it, with the few words in which stories are told.
import { TokenVerifier } from '../../src/auth/token-verifier.js'
import { WorkBudgets } from '../../src/auth/work-budgets.js'
import type { Clock } from '../../src/contract/clock.js'
import type { EventStore } from '../../src/contract/event-store.js'
import { Feed } from '../../src/following/feed.js'
import type { Group } from '../../src/groups/dispatch/group.js'
import type { GroupContext } from '../../src/groups/dispatch/group-journal.js'
import { OpenGroups } from '../../src/groups/dispatch/open-groups.js'
import type { Delivery } from '../../src/groups/dispatch/pending-take.js'
import { Groups } from '../../src/groups/groups.service.js'
import type { Definition } from '../../src/groups/state/group-definition.js'
import { WindowMemory } from '../../src/groups/window-memory.js'
import { Draining } from '../../src/streaming/draining.service.js'

export const DEFINED: Definition = {
  filter: { types: ['task'] },
  after: 'start',
  start: 0,
  definedBy: 'boss',
  consumers: { agents: ['*'], roles: [] },
  within: [],
  ackTimeoutSeconds: 30,
  maxAttempts: 5,
  maxInFlight: 1_000,
  ordering: 'none',
  damaged: 'stop',
}

export class GroupHarness {
  readonly groups: OpenGroups

  constructor(
    readonly store: EventStore,
    clock: Clock,
    changesBetweenStates = 1_000,
  ) {
    this.groups = new OpenGroups(worldOn(store, clock, changesBetweenStates))
  }

  group(): Promise<Group> {
    return this.groups.group('g')
  }

  async define(more: Partial<Definition> = {}): Promise<void> {
    await (await this.group()).define({ ...DEFINED, ...more })
  }

  async offer(count: number, stream = 'tasks'): Promise<void> {
    const events = Array.from({ length: count }, (_, n) => ({ type: 'task', stream, data: { n } }))
    await this.store.append({ events, author: { agentId: 'writer' } })
  }

  async take(max: number, waitMs = 0, consumer = 'a'): Promise<readonly Delivery[]> {
    return (await this.group()).take({ consumer, scope: undefined, max, waitMs })
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

export function worldOn(store: EventStore, clock: Clock, changesBetweenStates = 1_000): GroupContext {
  const memory = new WindowMemory()
  return { store, clock, changesBetweenStates, feed: new Feed(store), memory, isRevoked: () => false }
}

const SECRET = 'the secret of groups under test, in this process'

export function groupsOn(store: EventStore, budgets = new WorkBudgets()): Groups {
  const verifier = new TokenVerifier({
    algorithms: ['HS256'],
    secret: SECRET,
    leewaySeconds: 60,
  })
  return new Groups(new Feed(store), verifier, budgets, new Draining())
}
