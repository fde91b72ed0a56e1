// The operations of a projection as a table: what each makes of a state and an event, and what it passes over.
import { describe, expect, test } from '@jest/globals'
import { plainEvent } from '../../test/support/plain-event.js'
import type { JsonObject, JsonValue } from '../contract/event.js'
import { operationOf } from './operations.js'
import type { ProjectionOperation } from './projection.js'

const data = JSON.parse(
  '{"title":"T","n":2,"big":1e308,"none":null,"map":{"a":{"b":1},"x":null},"list":[1,{"k":2}],"__proto__":{"p":1}}',
) as JsonObject
const event = plainEvent(data, { tags: ['red', 'blue'], metadata: { host: 'h1' } })

type Case = readonly [state: string, operation: object, result: string]

const set = (path: string, more: object = { value: 1 }) => ({ op: 'set', path, ...more })
const merge = (path: string, more: object) => ({ op: 'merge', path, ...more })
const append = (path: string, more: object = { value: 1 }) => ({ op: 'append', path, ...more })
const increment = (path: string, more: object = {}) => ({ op: 'increment', path, ...more })
const remove = (path: string) => ({ op: 'remove', path })

const SETS: readonly Case[] = [
  ['{}', set('/a'), '{"a":1}'],
  ['{"a":2,"b":3}', set('/a'), '{"a":1,"b":3}'],
  ['{}', set('/a/b/c'), '{"a":{"b":{"c":1}}}'],
  ['{"a":{}}', set('/a/b', { from: 'data.title' }), '{"a":{"b":"T"}}'],
  ['{"a":5}', set('/a/b'), '{"a":5}'],
  ['{"a":null}', set('/a/b'), '{"a":null}'],
  ['{"a":"text"}', set('/a/length'), '{"a":"text"}'],
  ['{"a":[1,2]}', set('/a/0'), '{"a":[1,2]}'],
  ['[1]', set('/0'), '[1]'],
  ['5', set('/a'), '5'],
  ['{"a":1}', set('', { value: [] }), '[]'],
  ['{"a":1}', set('', { from: 'data.none' }), 'null'],
  ['{}', set('/a', { from: 'data.absent' }), '{}'],
  ['{}', set('/a/b', { from: 'data.absent' }), '{}'],
  ['{}', set('/a', { from: 'data.title.length' }), '{}'],
  ['{}', set('/a', { from: 'data.list.1.k' }), '{"a":2}'],
  ['{}', set('/a', { from: 'data.none' }), '{"a":null}'],
  ['{}', set('/a', { from: 'tags' }), '{"a":["red","blue"]}'],
  ['{}', set('/a', { from: 'metadata.host' }), '{"a":"h1"}'],
  ['{}', set('/a', { from: 'correlationId' }), '{}'],
  ['{}', set('/a', { from: 'position' }), '{"a":1}'],
  ['{}', set('/__proto__/x'), '{"__proto__":{"x":1}}'],
  ['{}', set('/constructor/prototype'), '{"constructor":{"prototype":1}}'],
  ['{}', set('/a', { from: 'data.__proto__' }), '{"a":{"p":1}}'],
  ['{}', set('/a', { from: 'data.constructor' }), '{}'],
  ['{}', set('/'), '{"":1}'],
  ['{}', set('/a~1b/~0'), '{"a/b":{"~":1}}'],
]

const OTHERS: readonly Case[] = [
  ['{}', merge('', { from: 'data.map' }), '{"a":{"b":1}}'],
  ['{"a":{"b":0,"c":2}}', merge('', { from: 'data.map' }), '{"a":{"b":1,"c":2}}'],
  ['{"x":1}', merge('', { value: { x: null } }), '{}'],
  ['{"a":5}', merge('/a', { value: { b: 1 } }), '{"a":{"b":1}}'],
  ['{"a":5}', merge('/a/b', { value: { c: 1 } }), '{"a":5}'],
  ['{"a":{"b":1}}', merge('/a', { value: 7 }), '{"a":7}'],
  ['{}', merge('/a', { from: 'data.absent' }), '{}'],
  ['{}', append('/a'), '{"a":[1]}'],
  ['{"a":[0]}', append('/a'), '{"a":[0,1]}'],
  ['{"a":{}}', append('/a'), '{"a":{}}'],
  ['{"a":null}', append('/a'), '{"a":null}'],
  ['{"a":"x"}', append('/a'), '{"a":"x"}'],
  ['[0]', append('', { from: 'data.list' }), '[0,[1,{"k":2}]]'],
  ['{"a":[0]}', append('/a', { from: 'data.absent' }), '{"a":[0]}'],
  ['{}', increment('/n'), '{"n":1}'],
  ['{"n":1}', increment('/n', { by: -3 }), '{"n":-2}'],
  ['{"n":0.5}', increment('/n', { by: 0.25 }), '{"n":0.75}'],
  ['{"n":1}', increment('/n', { from: 'data.n' }), '{"n":3}'],
  ['{"n":1}', increment('/n', { from: 'data.title' }), '{"n":1}'],
  ['{"n":1}', increment('/n', { from: 'data.absent' }), '{"n":1}'],
  ['{"n":"1"}', increment('/n'), '{"n":"1"}'],
  ['{"n":null}', increment('/n'), '{"n":null}'],
  ['{"n":1.5e308}', increment('/n', { from: 'data.big' }), '{"n":1.5e+308}'],
  ['{}', increment('/n', { from: 'data.big' }), '{}'],
  ['{"n":9007199254740990}', increment('/n'), '{"n":9007199254740991}'],
  ['{"n":9007199254740991}', increment('/n'), '{"n":9007199254740991}'],
  ['{"n":-9007199254740991}', increment('/n', { by: -1 }), '{"n":-9007199254740991}'],
  ['{}', increment('/a/b/c'), '{"a":{"b":{"c":1}}}'],
  ['{"a":1,"b":2}', remove('/a'), '{"b":2}'],
  ['{"a":{"b":1}}', remove('/a/b'), '{"a":{}}'],
  ['{"b":2}', remove('/a'), '{"b":2}'],
  ['{"b":2}', remove('/a/b/c'), '{"b":2}'],
  ['{"a":[1]}', remove('/a/0'), '{"a":[1]}'],
  ['{"a":5}', remove('/a/b'), '{"a":5}'],
  ['{"a":1}', remove('/toString'), '{"a":1}'],
]

const parse = (text: string) => JSON.parse(text) as JsonValue

describe('an operation', () => {
  test.each([...SETS, ...OTHERS])('on %s: %j makes %s', (state, operation, result) => {
    const { apply } = operationOf(operation as ProjectionOperation)
    expect(JSON.stringify(apply(parse(state), event))).toBe(result)
  })

  test('that removes the whole leaves nothing', () => {
    expect(operationOf({ op: 'remove', path: '' }).apply(parse('{"a":1}'), event)).toBeUndefined()
  })

  test('shares nothing with the event, nor with its definition', () => {
    const before = JSON.stringify(data)
    const value = { list: [0] }
    let state = parse('{}') as JsonValue | undefined
    for (const operation of [
      set('/all', { from: 'data' }),
      set('/all/map/a/b', { value: 'changed' }),
      append('/all/list', { value: 'more' }),
      merge('/merged', { from: 'data' }),
      append('/merged/list', { value: 'more' }),
      set('/literal', { value }),
      append('/literal/list'),
      merge('/literal2', { value }),
      append('/literal2/list'),
    ]) {
      state = operationOf(operation as ProjectionOperation).apply(state as JsonValue, event)
    }
    expect(JSON.stringify(data)).toBe(before)
    expect(value).toEqual({ list: [0] })
    expect(state).toMatchObject({ literal: { list: [0, 1] }, literal2: { list: [0, 1] } })
    expect(({} as { p?: number }).p).toBeUndefined()
  })
})
