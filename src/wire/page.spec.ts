// Events as they go out: JSON, MessagePack, pages and frames all say what the store recorded, in the contract's order.
import fc from 'fast-check'
import { arbitraryJson } from '../../test/support/arbitrary-json.js'
import type { JsonObject, RecordedEvent } from '../contract/event.js'
import { LIMITS } from '../contract/limits.js'
import { encodeMessagePack } from '../record/codec/writer.js'
import { eventJson } from './event-json.js'
import { eventMessagePack } from './event-msgpack.js'
import { caughtUpFrame, checkpointFrame, endFrame, errorFrame, eventFrame, heartbeatFrame } from './frames.js'
import { decodeMessagePack } from './message-pack.js'
import { pageOf } from './page.js'

type Fields = Omit<RecordedEvent, 'packedData' | 'packedMetadata' | 'packedBytes'>

const FIELDS: Fields = {
  id: '1763683200000000001_0_node-1',
  position: 7,
  stream: 'agent_1/tasks@home:x.y-z',
  revision: 0,
  type: 'task.done',
  timestamp: '2025-11-21T00:00:00.000000001Z',
  agentId: 'a"1\\ü',
  schemaVersion: 1,
  tags: ['a"b', '\u2028'],
  checksum: 'ab'.repeat(32),
  data: { a: 1 },
}

const ALL: Fields = {
  id: FIELDS.id,
  position: FIELDS.position,
  stream: FIELDS.stream,
  revision: FIELDS.revision,
  type: FIELDS.type,
  timestamp: FIELDS.timestamp,
  agentId: FIELDS.agentId,
  onBehalfOf: ['b"', 'c'],
  schemaVersion: 2,
  tags: FIELDS.tags,
  correlationId: 'c"',
  causationId: '\n',
  sessionId: 's\u0000',
  parents: ['1_0_a'],
  occurredAt: '2025-11-21T00:00:00+01:00',
  traceparent: '00-"-01',
  checksum: FIELDS.checksum,
  data: { b: [1] },
  metadata: { m: 'ü' },
}

function recorded(fields: Fields): RecordedEvent {
  const { data, metadata } = fields
  return {
    ...fields,
    packedData: () => encodeMessagePack(data),
    packedMetadata: () => (metadata === undefined ? undefined : encodeMessagePack(metadata)),
    packedBytes: () =>
      encodeMessagePack(fields.data).length + (metadata === undefined ? 0 : encodeMessagePack(metadata).length),
  }
}

const withData = (data: JsonObject) => recorded({ ...FIELDS, data })
const hasHalves = (value: unknown) => /\\ud[89a-f]/i.test(JSON.stringify(value))

test('every field stands in its place, and what is absent is left out', () => {
  expect(eventJson(recorded(ALL))).toBe(JSON.stringify(ALL))
  expect(Object.keys(decodeMessagePack(eventMessagePack(recorded(ALL))) as object)).toEqual(Object.keys(ALL))
  expect(decodeMessagePack(eventMessagePack(recorded(ALL)))).toEqual(ALL)
  const { metadata: _, data, ...head } = FIELDS
  expect(eventJson(recorded(FIELDS))).toBe(JSON.stringify({ ...head, data }))
  expect(decodeMessagePack(eventMessagePack(recorded(FIELDS)))).toEqual(FIELDS)
})

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Object.values(value).reduce((deepest: number, inner) => Math.max(deepest, depthOf(inner)), 0)
}

test('any payload goes out as it is, in either form', () => {
  fc.assert(
    fc.property(arbitraryJson, data => {
      // The reader of this test takes a whole event for one value, which lies a level deeper.
      fc.pre(!hasHalves(data) && depthOf(data) < LIMITS.nestingDepth)
      const event = recorded({ ...FIELDS, data, metadata: data })
      // JSON has no -0 of its own making: it becomes 0, as JSON.stringify says.
      expect(eventJson(event)).toBe(JSON.stringify({ ...FIELDS, data, metadata: data }))
      const unpacked = decodeMessagePack(eventMessagePack(event)) as Fields
      expect(unpacked.data).toEqual(data)
      expect(unpacked.metadata).toEqual(data)
    }),
  )
})

test('notorious payloads', () => {
  const data = JSON.parse(
    '{"__proto__":{"x":1},"toJSON":"no","constructor":{},"line\\u2028":"\\u2029<script>","big":1e21}',
  )
  expect(JSON.stringify(JSON.parse(eventJson(withData(data))).data)).toBe(JSON.stringify(data))
  expect(Object.keys((decodeMessagePack(eventMessagePack(withData(data))) as Fields).data)).toEqual(Object.keys(data))
})

test.each([0, 1, 15, 16, 100])('a page of %i events, with and without what belongs beside them', count => {
  const events = Array.from({ length: count }, (_, i) => withData({ i }))
  const rest = { next: 'cursor"', head: 12, gone: undefined, none: null }
  const whole = { events: events.map(({ data }) => ({ ...FIELDS, data })), next: 'cursor"', head: 12, none: null }
  expect(JSON.parse(pageOf(events, rest, 'json') as string)).toEqual(whole)
  expect(decodeMessagePack(pageOf(events, rest, 'msgpack') as Buffer)).toEqual(whole)
  expect(JSON.parse(pageOf(events, {}, 'json') as string)).toEqual({ events: whole.events })
  expect(decodeMessagePack(pageOf(events, {}, 'msgpack') as Buffer)).toEqual({ events: whole.events })
})

test('a large page does not spoil the next small one', () => {
  const large = withData({ text: 'ü'.repeat(500_000) })
  const pages = [pageOf([large, large, large], {}, 'msgpack'), pageOf([withData({})], {}, 'msgpack')] as Buffer[]
  expect((decodeMessagePack(pages[0] as Buffer) as { events: unknown[] }).events).toHaveLength(3)
  expect(decodeMessagePack(pages[1] as Buffer)).toMatchObject({ events: [{ data: {} }] })
})

test('frames say what they are', () => {
  const frames = [
    eventFrame(recorded(FIELDS)),
    eventFrame(recorded(FIELDS), 's"1'),
    checkpointFrame(3, 's'),
    caughtUpFrame(4),
    heartbeatFrame(5),
    errorFrame({ status: 500 }, 's'),
    endFrame(6, 2),
  ]
  const { data, ...head } = FIELDS
  const event = { ...head, data }
  expect(frames.map(frame => JSON.parse(frame))).toEqual([
    { type: 'event', event },
    { type: 'event', id: 's"1', event },
    { type: 'checkpoint', id: 's', position: 3 },
    { type: 'caughtUp', position: 4 },
    { type: 'heartbeat', position: 5 },
    { type: 'error', id: 's', problem: { status: 500 } },
    { type: 'end', position: 6, count: 2 },
  ])
  for (const frame of frames) expect(frame).not.toContain('\n')
})
