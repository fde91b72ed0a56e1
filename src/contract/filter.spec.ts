// The table of filters: fields AND-ed, values OR-ed, tags AND-ed, and the service's streams out of sight.
import { describe, expect, it } from '@jest/globals'
import { type EventFilter, type Filterable, filterMatches, streamMatches } from './filter.js'

const event: Filterable = {
  stream: 'agent_7/tasks',
  type: 'task.done',
  tags: ['red', 'urgent'],
  agentId: 'agent-7',
  correlationId: 'c1',
  sessionId: 's1',
  causationId: 'cause',
  parents: ['p1', 'p2'],
}

describe('a filter', () => {
  it.each<[EventFilter, boolean]>([
    [{}, true],
    [{ streams: ['agent_7/tasks'] }, true],
    [{ streams: ['agent_8/*', 'agent_7/*'] }, true],
    [{ streams: ['agent_8/*'] }, false],
    [{ streams: [] }, false],
    [{ types: ['task.*'] }, true],
    [{ types: ['note', '*.done'] }, true],
    [{ types: ['task'] }, false],
    [{ types: [] }, false],
    [{ tags: ['red'] }, true],
    [{ tags: ['urgent', 'red'] }, true],
    [{ tags: ['red', 'blue'] }, false],
    [{ tags: ['r*'] }, false],
    [{ tags: [] }, true],
    [{ agents: ['agent-7'] }, true],
    [{ agents: ['agent-*'] }, false],
    [{ agents: [] }, false],
    [{ correlationId: 'c1' }, true],
    [{ correlationId: 'c2' }, false],
    [{ causationId: 'x' }, false],
    [{ sessionId: 's1' }, true],
    [{ causes: ['p2'] }, true],
    [{ causes: ['c0', 'cause'] }, true],
    [{ causes: ['c0'] }, false],
    [{ causes: [] }, false],
    [{ correlationId: ['c0', 'c1'] }, true],
    [{ correlationId: [] }, false],
    [{ causationId: ['x'] }, false],
    [{ within: ['agent_7/*'] }, true],
    [{ within: ['agent_7', '$*'] }, false],
    [{ within: [] }, false],
    [{ streams: ['*'], within: ['agent_8'] }, false],
    [{ sessionId: '' }, false],
    [{ streams: ['*'], types: ['*'], tags: ['red'], agents: ['agent-7'], correlationId: 'c1', sessionId: 's1' }, true],
    [{ streams: ['*'], types: ['*'], tags: ['red'], agents: ['agent-8'], correlationId: 'c1', sessionId: 's1' }, false],
  ])('%j: %p', (filter, matches) => {
    expect(filterMatches(filter, event)).toBe(matches)
  })

  it.each<[string, string, boolean]>([
    ['*', 'orders', true],
    ['*', '$audit', false],
    ['*audit', '$audit', false],
    ['$*', '$audit', true],
    ['$audit', '$audit', true],
    ['$*', 'orders', false],
    ['orders', '$orders', false],
  ])('with the stream pattern %p meets %p: %p', (pattern, stream, matches) => {
    expect(streamMatches(pattern, stream)).toBe(matches)
  })
})
