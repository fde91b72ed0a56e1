// What tokens may do: the table of roles, `own`, `all`, and the service's own streams out of reach.
import { Access, type Identity, type Scope } from './access.js'

const may = (identity: Partial<Identity>, scope: Scope, stream: string) =>
  new Access({ agentId: 'b-1', role: 'agent', ...identity }).covers(scope, stream)

test.each<[Partial<Identity>, Scope, string, boolean]>([
  [{ role: 'guest' }, 'events.read', 'public_news', true],
  [{ role: 'guest' }, 'events.read', 'agent_b-1', false],
  [{ role: 'guest' }, 'events.write', 'public_news', false],
  [{}, 'events.read', 'anything', true],
  [{}, 'events.read', '$security', false],
  [{}, 'events.write', 'agent_b-1', true],
  [{}, 'events.write', 'agent-b-1', true],
  [{}, 'events.write', 'agent_b-1/tasks', true],
  [{}, 'events.write', 'agent-b-1/tasks/7', true],
  [{}, 'events.write', 'agent_b-1_x', false],
  [{}, 'events.write', 'agent_b-1-x', false],
  [{}, 'events.write', 'agent-b-1-x', false],
  [{}, 'events.write', 'agent-b-1_x', false],
  [{}, 'events.write', 'agent_b-1@x', false],
  [{}, 'events.write', 'agent_b', false],
  [{ agentId: 'b/1' }, 'events.write', 'agent_b/1', false],
  [{ agentId: 'b/1' }, 'events.write', 'agent_b/1/x', false],
  [{}, 'events.write', 'agent_b-10', false],
  [{}, 'events.write', 'agent_b-1.x', false],
  [{}, 'events.write', 'validation_x', false],
  [{ role: 'expert_agent' }, 'events.write', 'validation_x', true],
  [{ role: 'system_agent' }, 'events.read', '$security', true],
  [{ role: 'system_agent' }, 'events.write', 'anything', true],
  [{ role: 'system_agent' }, 'events.write', '$security', false],
  [{ role: 'admin' }, 'events.read', '$security', true],
  [{ permissions: { 'events.read': ['own', 'validation_*'] } }, 'events.read', 'validation_1', true],
  [{ permissions: { 'events.read': ['own', 'validation_*'] } }, 'events.read', 'other', false],
  [{ permissions: { 'events.read': ['all'] } }, 'events.write', 'agent_b-1', false],
  [{ role: 'admin', permissions: {} }, 'admin.write', 'anything', false],
  [{ agentId: '*' }, 'events.write', 'agent_anybody', false],
])('%j %s %s: %p', (identity, scope, stream, expected) => {
  expect(may(identity, scope, stream)).toBe(expected)
})

test('an admin reads without a filter; everyone else within patterns', () => {
  expect(new Access({ agentId: 'a', role: 'admin' }).within('events.read')).toBeUndefined()
  expect(new Access({ agentId: 'a', role: 'agent' }).within('events.read')).toEqual(['*'])
  expect(new Access({ agentId: 'a', role: 'guest' }).within('events.read')).toEqual(['public_*'])
})

test('no two agents own the same stream, whatever they are called', () => {
  const ids = ['a', 'a_b', 'a-b', 'a_', '_a', 'a.b', 'a:b', 'a@b', 'agent_a', 'a/b', 'a/', 'b']
  const heads = ids.flatMap(id => [`agent_${id}`, `agent-${id}`])
  const streams = heads.flatMap(head => [head, ...['/x', '_x', '-x', '_b', '-b', '/b/x'].map(tail => head + tail)])
  for (const stream of streams) {
    const owners = ids.filter(agentId => may({ agentId }, 'events.write', stream))
    expect([stream, owners.length <= 1]).toEqual([stream, true])
  }
  expect(ids.filter(agentId => may({ agentId }, 'events.write', `agent_${agentId}/x`))).toEqual(
    ids.filter(id => !id.includes('/')),
  )
})

test('an operator says what own stands for', () => {
  const loose = new Access({ agentId: 'b', role: 'agent' }, ['agent_{id}', 'agent_{id}_*', '{id}.log.{id}'])
  const own = ['agent_b', 'agent_b_x', 'b.log.b', 'agent_b/x', 'agent-b'].map(stream =>
    loose.covers('events.write', stream),
  )
  expect(own).toEqual([true, true, true, false, false])
})
