// Upcasting: operations as a table, chains, and events that are none of its business.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { arbitraryJson } from '../../test/support/arbitrary-json.js'
import { plainEvent } from '../../test/support/plain-event.js'
import { type JsonObject, type RecordedEvent } from '../contract/event.js'
import { PackedMap } from '../record/codec/scan.js'
import { decodeMessagePack } from '../wire/message-pack.js'
import { Upcaster, Upcasters, type UpcastOperation, type UpcastStep } from './upcaster.js'

const upcastersOf = (steps: readonly UpcastStep[], type = 'task.opened') =>
  new Upcasters([new Upcaster(type, 1, { steps })])
const by = (...ops: UpcastOperation[]) => upcastersOf([{ from: 1, to: 2, ops }])
const rename = (path: string, to: string): UpcastOperation => ({ op: 'rename', path, to })
const move = (from: string, to: string): UpcastOperation => ({ op: 'move', from, to })
const orElse = (path: string, value: unknown) => ({ op: 'default', path, value }) as UpcastOperation
const remove = (path: string): UpcastOperation => ({ op: 'remove', path })

describe('an operation', () => {
  test.each<readonly [string, UpcastOperation, string]>([
    ['{"owner":1,"z":2}', rename('/owner', 'agent'), '{"z":2,"agent":1}'],
    ['{"z":2}', rename('/owner', 'agent'), '{"z":2}'],
    ['{"owner":1,"agent":2}', rename('/owner', 'agent'), '{"owner":1,"agent":2}'],
    ['{"owner":null}', rename('/owner', 'agent'), '{"agent":null}'],
    ['{"a":{"b":1}}', rename('/a/b', 'c'), '{"a":{"c":1}}'],
    ['{"a":5}', rename('/a/b', 'c'), '{"a":5}'],
    ['{"a":[1]}', rename('/a/0', 'c'), '{"a":[1]}'],
    ['{"a":1}', rename('/a', '__proto__'), '{"__proto__":1}'],
    ['{"a":1}', rename('/constructor', 'b'), '{"a":1}'],
    ['{"a":1}', rename('/a', 'a'), '{"a":1}'],
    ['{"a":{"b":1}}', move('/a/b', '/c'), '{"a":{},"c":1}'],
    ['{"a":1}', move('/a', '/b/c/d'), '{"b":{"c":{"d":1}}}'],
    ['{"a":1,"b":2}', move('/a', '/b'), '{"a":1,"b":2}'],
    ['{"a":1,"b":2}', move('/a', '/b/c'), '{"a":1,"b":2}'],
    ['{"a":1,"b":[]}', move('/a', '/b/0'), '{"a":1,"b":[]}'],
    ['{"b":1}', move('/a', '/c'), '{"b":1}'],
    ['{"a":{"x":[1]}}', move('/a', '/toString'), '{"toString":{"x":[1]}}'],
    ['{}', orElse('/priority', 3), '{"priority":3}'],
    ['{"priority":null}', orElse('/priority', 3), '{"priority":null}'],
    ['{"a":7}', orElse('/a/b', 3), '{"a":7}'],
    ['{}', orElse('/a/b', { c: [] }), '{"a":{"b":{"c":[]}}}'],
    ['{"old":1,"a":2}', remove('/old'), '{"a":2}'],
    ['{"a":{"old":1}}', remove('/a/old'), '{"a":{}}'],
    ['{"a":3}', remove('/a/old'), '{"a":3}'],
    ['{"a":1}', remove('/__proto__'), '{"a":1}'],
  ])('on %s: %j makes %s', (data, operation, result) => {
    const upcast = by(operation).latest(plainEvent(JSON.parse(data)))
    expect(JSON.stringify(upcast.data)).toBe(result)
    expect(upcast.schemaVersion).toBe(2)
  })
})

describe('a chain', () => {
  const steps: UpcastStep[] = [
    { from: 1, to: 2, ops: [rename('/a', 'b')] },
    { from: 2, to: 5, ops: [rename('/b', 'c'), orElse('/n', 1)] },
    { from: 5, to: 6, ops: [move('/c', '/in/c')] },
  ]
  const upcasters = upcastersOf(steps)

  test.each<readonly [number, string, number, string]>([
    [1, '{"a":1}', 6, '{"n":1,"in":{"c":1}}'],
    [2, '{"a":1,"b":2}', 6, '{"a":1,"n":1,"in":{"c":2}}'],
    [5, '{"a":1}', 6, '{"a":1}'],
    [6, '{"a":1}', 6, '{"a":1}'],
    [3, '{"a":1}', 3, '{"a":1}'],
    [99, '{"c":1}', 99, '{"c":1}'],
  ])('leads from version %i to the newest it knows', (schemaVersion, data, version, result) => {
    const upcast = upcasters.latest(plainEvent(JSON.parse(data), { schemaVersion }))
    expect([upcast.schemaVersion, JSON.stringify(upcast.data)]).toEqual([version, result])
  })

  test('leaves events of other types and versions the objects they are', () => {
    for (const event of [
      plainEvent({ a: 1 }, { type: 'task.closed' }),
      plainEvent({ a: 1 }, { schemaVersion: 6 }),
      plainEvent({ a: 1 }, { schemaVersion: 4 }),
    ]) {
      expect(upcasters.latest(event)).toBe(event)
    }
  })

  test('leaves all else of the event as it is, and packs what it made', () => {
    const event = plainEvent({ a: [1] }, { stream: 's', tags: ['t'], metadata: { m: 1 } })
    const { id, position, stream, tags, metadata, checksum, packedData } = upcasters.latest(event)
    expect({ id, position, stream, tags, metadata, checksum }).toEqual({
      id: event.id,
      position: 1,
      stream: 's',
      tags: ['t'],
      metadata: { m: 1 },
      checksum: '00',
    })
    expect(decodeMessagePack(Buffer.from(packedData()))).toEqual({ n: 1, in: { c: [1] } })
  })
})

test('nothing is moved deeper than an event may nest, however often it is moved', () => {
  const deeper = Array.from({ length: 200 }, (_, n) => move(`/${n % 2}`, `/${(n + 1) % 2}${'/in'.repeat(20)}`))
  const depthOf = (value: unknown): number =>
    typeof value !== 'object' || value === null ? 0 : 1 + Math.max(0, ...Object.values(value).map(depthOf))
  const upcast = by(...deeper).latest(plainEvent({ 0: { leaf: [] } }))
  expect(depthOf(upcast.data)).toBe(1 + 3 * 20 + 2)
  const atTheEdge = (levels: number) => {
    const list = Array.from({ length: levels }).reduce<JsonObject[string]>(inner => [inner], 1)
    return depthOf(by(move('/a', `/b${'/in'.repeat(20)}`)).latest(plainEvent({ a: list })).data)
  }
  expect([atTheEdge(43), atTheEdge(44)]).toEqual([64, 45])
  PackedMap.checked(upcast.packedData())
})

test('whatever comes, upcasting never throws, never changes the event, and makes the same of the same', () => {
  const key = fc.constantFrom('a', 'b', '__proto__', 'constructor', '0', '')
  const path = fc.array(key, { minLength: 1, maxLength: 4 }).map(keys => keys.map(part => `/${part}`).join(''))
  const operation: fc.Arbitrary<UpcastOperation> = fc.oneof(
    fc.record({ op: fc.constant('rename' as const), path, to: key }),
    fc
      .record({ op: fc.constant('move' as const), from: path, to: path })
      .filter(({ from, to }) => !`${to}/`.startsWith(`${from}/`) && !`${from}/`.startsWith(`${to}/`)),
    fc.record({ op: fc.constant('default' as const), path, value: arbitraryJson }),
    fc.record({ op: fc.constant('remove' as const), path }),
  )
  const familiar = fc.letrec(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(1, null, 'x'),
      fc.array(tie('value'), { maxLength: 2 }),
      tie('map'),
    ),
    map: fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map(pairs => {
      const text = pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
      return JSON.parse(`{${text}}`)
    }),
  })).map as fc.Arbitrary<JsonObject>
  fc.assert(
    fc.property(fc.oneof(familiar, arbitraryJson), fc.array(operation, { maxLength: 8 }), (data, ops) => {
      const before = JSON.stringify(data)
      const steps = ops.map((op, i) => ({ from: i + 1, to: i + 2, ops: [op] }))
      const whole = upcastersOf(steps).latest(plainEvent(data))
      expect(JSON.stringify(data)).toBe(before)
      // Step by step is the same as all at once, and as all in one step.
      let stepwise: RecordedEvent = plainEvent(data)
      for (const step of steps) stepwise = upcastersOf([step]).latest(stepwise)
      expect(JSON.stringify(stepwise.data)).toBe(JSON.stringify(whole.data))
      expect(JSON.stringify(by(...ops).latest(plainEvent(data)).data)).toBe(JSON.stringify(whole.data))
    }),
  )
})
