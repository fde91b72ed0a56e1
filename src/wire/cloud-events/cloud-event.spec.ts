// CloudEvents as they go out, and headers of binary mode as they come in, by the letter of the specification.

import type { SaidEvent } from '../../contract/event.js'
import { cloudEventJson, cloudEventsJson, isAttributeName, isAttributeValue } from './cloud-event.js'
import { attributesIn } from './cloud-event-headers.js'

const EVENT: SaidEvent = {
  id: '1790000000000000001_0_node-1',
  position: 3_000_000_000,
  stream: 'agent_1/tasks',
  revision: 4,
  type: 'task.done',
  timestamp: '2026-09-21T14:13:20.000000001Z',
  agentId: 'builder-1',
  schemaVersion: 2,
  tags: ['project:apollo'],
  checksum: 'ab'.repeat(32),
  data: { n: 1 },
}

test('every field has its attribute, in types of CloudEvents', () => {
  const all = {
    ...EVENT,
    occurredAt: '2026-09-21T16:00:00+02:00',
    correlationId: 'c',
    causationId: 'd',
    sessionId: 's',
    parents: ['1_0_a'],
    onBehalfOf: ['planner'],
    traceparent: '00-1-2-01',
    metadata: { tool: 'ci' },
  }
  expect(JSON.parse(cloudEventJson(all))).toEqual({
    specversion: '1.0',
    id: '1790000000000000001_0_node-1',
    source: '/streams/agent_1/tasks',
    type: 'task.done',
    time: '2026-09-21T16:00:00+02:00',
    recordedtime: '2026-09-21T14:13:20.000000001Z',
    datacontenttype: 'application/json',
    position: '3000000000',
    revision: '4',
    schemaversion: '2',
    checksum: 'ab'.repeat(32),
    agentid: 'builder-1',
    correlationid: 'c',
    causationid: 'd',
    sessionid: 's',
    traceparent: '00-1-2-01',
    onbehalfof: '["planner"]',
    tags: '["project:apollo"]',
    parents: '["1_0_a"]',
    metadata: '{"tool":"ci"}',
    data: { n: 1 },
  })
})

test('without a time of its own an event happened when it was recorded', () => {
  const { time, recordedtime } = JSON.parse(cloudEventJson(EVENT))
  expect([time, recordedtime]).toEqual([EVENT.timestamp, EVENT.timestamp])
})

test('what no attribute may hold is said as JSON in ASCII, under a name of its own', () => {
  const odd = { ...EVENT, agentId: 'a\u0000\u0085\ufdd0\u{1fffe}', sessionId: 's\n' }
  const said = JSON.parse(cloudEventJson(odd))
  expect(said).not.toHaveProperty('agentid')
  expect(said.agentidjson).toBe('"a\\u0000\\u0085\\ufdd0\\ud83f\\udffe"')
  expect(JSON.parse(said.sessionidjson)).toBe('s\n')
  for (const [name, value] of Object.entries(said)) {
    expect([name, name === 'data' || (isAttributeName(name) && isAttributeValue(value))]).toEqual([name, true])
  }
})

test('attributes that an event carries go out with it, unless they are none or are ours', () => {
  const carried = { subject: 'x', foo: 7, id: 'theirs', position: '1', big: 2 ** 40, Odd: 1, list: [] }
  const said = JSON.parse(cloudEventJson({ ...EVENT, metadata: { cloudevent: carried } }))
  expect(said).toMatchObject({ subject: 'x', foo: 7, id: EVENT.id, position: '3000000000' })
  expect(Object.keys(said)).not.toEqual(expect.arrayContaining(['big']))
  expect(said).not.toHaveProperty('Odd')
  expect(JSON.parse(said.metadata)).toEqual({ cloudevent: carried })
})

test('a batch is an array, an empty one too', () => {
  expect(JSON.parse(cloudEventsJson([EVENT, EVENT]))).toHaveLength(2)
  expect(cloudEventsJson([])).toBe('[]')
})

test.each([
  ['Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
  ['%e2%82%ac', '€'],
  ['"with \\"quotes\\" and a \\\\"', 'with "quotes" and a \\'],
  ['"50%25"', '50%'],
  ['%41', 'A'],
  ['', ''],
])('the header value %j says %j', (header, value) => {
  expect({ ...attributesIn({ 'ce-subject': header, subject: 'no' }) }).toEqual({ subject: value })
})

test('no header is passed over in silence', () => {
  expect(Object.entries(attributesIn(JSON.parse('{"ce-__proto__":"x","ce-id":"1"}')))).toEqual([
    ['__proto__', 'x'],
    ['id', '1'],
  ])
  expect(() => attributesIn({ 'ce-data': 'x' })).toThrow('The header ce-data is no attribute')
})

test.each(['%C0%A0', '%', '100%', '\u00e9'])('the header value %j cannot be read', header => {
  expect(() => attributesIn({ 'ce-subject': header })).toThrow('The header ce-subject must be printable ASCII')
})
