// The fold of a group's changes where a change names what is not there, and the bound on what is remembered.
import { expect, test } from '@jest/globals'
import { WindowMemory } from '../window-memory.js'
import { chooseTake } from './decide-take.js'
import type { Definition } from './group-definition.js'
import type { Change } from './group-events.js'
import { GROUP_LIMITS } from './group-limits.js'
import { apply, emptyState, type GroupState } from './group-state.js'
import { partsOf, stateOf } from './state-rows.js'
import { Window } from './window.js'

const settings = { ackTimeoutSeconds: 30, maxAttempts: 5, maxInFlight: 10, ordering: 'none', damaged: 'stop' } as const
const definition: Definition = { ...settings, filter: {}, after: 'start', start: 0, definedBy: 'boss' }

function after(...changes: readonly Change[]): GroupState {
  const state = emptyState()
  for (const change of changes) apply(state, change)
  return state
}

const defined: Change = { type: 'SubscriptionDefined', definition, lastNumber: 0 }
const taken: Change = {
  type: 'EventsTaken',
  consumer: 'a',
  firstNumber: 1,
  deadlineMs: 1_000,
  events: [[1, 1, 'tasks']],
  floor: 0,
}

test('what is returned, parked or replayed and is not held stays as it is', () => {
  const before = after(defined, taken)
  const state = after(defined, taken)
  const by = 'a'
  const deliveries = [[7, 9]] as const
  const strange: readonly Change[] = [
    { type: 'EventsReturned', by, action: 'retry', notBeforeMs: 0, deliveries },
    { type: 'EventsParked', by, action: 'park', atMs: 0, reason: 'none', deliveries, floor: 0 },
    { type: 'ParkedReplayed', by, positions: [7] },
  ]
  for (const change of strange) apply(state, change)
  expect({ ...state, changes: before.changes }).toEqual(before)
})

test('settings that come after the deletion of their group define none', () => {
  const deleted: Change = { type: 'SubscriptionDeleted', by: 'boss', lastNumber: 4 }
  const state = after(defined, deleted, { type: 'SubscriptionChanged', settings, by: 'boss' })
  expect([state.definition, state.lastNumber]).toEqual([undefined, 4])
  const window = new Window(0, new WindowMemory(), () => undefined)
  expect(chooseTake(state, window, { nowMs: 0, max: 1 })).toEqual([])
})

test('a state without a group keeps the number that no later token may repeat, written and read again', () => {
  const state = after({ type: 'SubscriptionDeleted', by: 'boss', lastNumber: 4 })
  const again = stateOf(partsOf(state))
  expect([again.definition, again.lastNumber]).toEqual([undefined, 4])
})

test('of the tokens that were settled the last ones are remembered', () => {
  const state = after(defined)
  for (let number = 1; number <= GROUP_LIMITS.settledRemembered + 2; number++) {
    const deliveries = [[number, number]] as const
    apply(state, { type: 'EventsSettled', by: 'a', action: 'ack', deliveries, floor: number })
  }
  expect(state.recent.size).toBe(GROUP_LIMITS.settledRemembered)
  expect(['2.2', '3.3'].map(token => state.recent.has(token))).toEqual([false, true])
})
