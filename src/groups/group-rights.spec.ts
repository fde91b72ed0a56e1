// Who may take from a group whose definition names nobody beside its owner, and one that names agents and roles.
import { expect, test } from '@jest/globals'
import { Access } from '../auth/access.js'
import { isConsumer } from './group-rights.js'

const agent = (agentId: string) => new Access({ agentId, role: 'agent' })

test('a definition without consumers lets its owner take, and nobody else', () => {
  const rights = { definedBy: 'boss' }
  expect([isConsumer(rights, agent('boss')), isConsumer(rights, agent('worker'))]).toEqual([true, false])
})

test('whoever is named by a pattern or by their role may take', () => {
  const named = (agents: string[], roles: 'agent'[]) => ({ definedBy: 'boss', consumers: { agents, roles } })
  const mayTake = [named(['work*'], []), named([], ['agent']), named(['other'], [])]
  expect(mayTake.map(rights => isConsumer(rights, agent('worker')))).toEqual([true, true, false])
})
