// A projection as a reducer: keys, globs, beginnings and ends of states; in pieces as in one go, byte for byte.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { plainEvent } from '../../test/support/plain-event.js'
import type { JsonValue, RecordedEvent } from '../contract/event.js'
import { DEFINITION_LIMITS } from '../definitions/definition-limits.js'
import { Fold, type Folded, STATE_BYTES_MAX } from './fold.js'
import type { ProjectionDefinition, ProjectionOperation } from './projection.js'
import { fitsProjection, projectionReducer } from './projection-reducer.js'

const foldOf = (definition: ProjectionDefinition, events: readonly RecordedEvent[], from?: Folded): Folded => {
  const fold = new Fold(projectionReducer(definition), from)
  for (const event of events) fold.apply(event)
  return fold.folded
}
const textOf = (definition: ProjectionDefinition, events: readonly RecordedEvent[]) =>
  JSON.stringify(foldOf(definition, events).state)
const events = (...all: readonly (readonly [type: string, data: object])[]) =>
  all.map(([type, data], i) => plainEvent(data as never, { type, position: i + 1 }))

const TASKS: ProjectionDefinition = {
  key: 'data.task',
  initial: { status: 'unknown' },
  on: {
    'task.opened': [
      { op: 'set', path: '/title', from: 'data.title' },
      { op: 'set', path: '/status', value: 'open' },
    ],
    'task.*': [{ op: 'increment', path: '/events' }],
    'task.deleted': [{ op: 'remove', path: '' }],
  },
}

describe('a keyed projection', () => {
  test('has one state for each key, which begins with the first event it does something for and can end', () => {
    const made = events(
      ['task.opened', { task: 'a', title: 'A' }],
      ['task.done', { task: 'b' }],
      ['other', { task: 'c' }],
      ['task.done', { task: 'a' }],
      ['task.done', {}],
      ['task.done', { task: { no: 'key' } }],
      ['task.done', { task: 7 }],
      ['task.done', { task: false }],
    )
    expect(foldOf(TASKS, made).state).toEqual({
      7: { status: 'unknown', events: 1 },
      a: { status: 'open', title: 'A', events: 2 },
      b: { status: 'unknown', events: 1 },
      false: { status: 'unknown', events: 1 },
    })
    const more = [
      ...made,
      ...events(['task.deleted', { task: 'a' }], ['task.deleted', { task: 'never' }], ['task.done', { task: 'a' }]),
    ]
    expect(foldOf(TASKS, more).state).toMatchObject({ a: { status: 'unknown', events: 1 } })
    expect(Object.keys(foldOf(TASKS, more).state as object)).toEqual(['7', 'b', 'false', 'a'])
  })

  test('takes any text for a key', () => {
    const made = events(
      ['task.done', JSON.parse('{"task":"__proto__"}')],
      ['task.done', { task: 'constructor' }],
      ['task.done', JSON.parse('{"task":"__proto__"}')],
      ['task.deleted', { task: 'constructor' }],
    )
    expect(textOf(TASKS, made)).toBe('{"__proto__":{"status":"unknown","events":2}}')
  })

  test('has no more keys than it may', () => {
    const fold = new Fold(projectionReducer({ key: 'data.k', on: { T: [{ op: 'set', path: '', value: 0 }] } }))
    const at = (k: number) => fold.apply(plainEvent({ k }, { type: 'T' }))
    for (let k = 0; k < DEFINITION_LIMITS.keys; k++) at(k)
    at(0)
    expect(() => at(DEFINITION_LIMITS.keys)).toThrow(/more than 100000 keys/)
  })
})

describe('a projection', () => {
  test('does the operations of all globs that match, in the order of its definition', () => {
    const on = {
      'task.opened': [{ op: 'append', path: '/said', value: 1 }],
      '*': [{ op: 'append', path: '/said', value: 2 }],
      'task.*': [{ op: 'append', path: '/said', value: 3 }],
    } satisfies ProjectionDefinition['on']
    expect(textOf({ on }, events(['task.opened', {}], ['x', {}]))).toBe('{"said":[1,2,3,2]}')
  })

  test('whose state is removed begins anew', () => {
    const on = {
      add: [{ op: 'increment', path: '/n' }],
      clear: [{ op: 'remove', path: '' }],
      replace: [
        { op: 'remove', path: '' },
        { op: 'set', path: '/replaced', value: true },
      ],
    } satisfies ProjectionDefinition['on']
    const definition = { initial: { n: 10 }, on }
    expect(textOf(definition, events(['add', {}], ['clear', {}]))).toBe('{"n":10}')
    expect(textOf(definition, events(['add', {}], ['replace', {}]))).toBe('{"n":10,"replaced":true}')
    expect(definition.initial).toEqual({ n: 10 })
  })

  test('of a list or a number is one', () => {
    const list = { initial: [], on: { '*': [{ op: 'append', path: '', from: 'type' }] } } as const
    expect(textOf(list as unknown as ProjectionDefinition, events(['a', {}], ['b', {}]))).toBe('["a","b"]')
    const sum = { initial: 0, on: { '*': [{ op: 'increment', path: '', from: 'data.n' }] } } as const
    expect(textOf(sum, events(['a', { n: 2 }], ['b', { n: 'x' }], ['c', { n: 3 }]))).toBe('5')
  })

  test('that copies what it is given again and again is bounded all the same', () => {
    const operations = Array.from(
      { length: 100 },
      (_, i): ProjectionOperation => ({
        op: 'append',
        path: `/list${i}`,
        from: 'data',
      }),
    )
    const fold = new Fold(projectionReducer({ on: { '*': operations } }))
    const event = plainEvent({ text: 'x'.repeat(100_000) })
    const grow = () => {
      for (let i = 0; i < 10; i++) fold.apply(event)
    }
    expect(grow).toThrow(/larger than 16 MiB/)
    expect(JSON.stringify(fold.folded.state).length).toBeLessThan(2 * STATE_BYTES_MAX)
  })

  test('is refused at the same event, wherever its fold began', () => {
    const large = { on: { '*': [{ op: 'append', path: '/all', from: 'data.text' }] } } as const
    const all = Array.from({ length: 20 }, (_, i) => plainEvent({ text: 'x'.repeat(900_000) }, { position: i + 1 }))
    const refused = (from?: Folded) => () => foldOf(large, all.slice(from?.events ?? 0), from)
    expect(refused()).toThrow('At position 19 the state is larger than 16 MiB')
    for (const cut of [1, 10, 18]) {
      const kept = foldOf(large, all.slice(0, cut))
      const stateBytes = Buffer.byteLength(JSON.stringify(kept.state))
      expect(refused(structuredClone(kept))).toThrow('At position 19')
      expect(refused({ ...structuredClone(kept), stateBytes })).toThrow('At position 19')
    }
  })

  test('is refused without any event when the state it begins with is too large', () => {
    const state = { text: 'x'.repeat(STATE_BYTES_MAX) }
    expect(() => foldOf({ on: {} }, [], { state, position: 7, events: 7 })).toThrow('At position 7')
  })

  test('takes a state from outside that can be one of its own', () => {
    expect(fitsProjection(TASKS, { a: {} })).toBe(true)
    expect(fitsProjection(TASKS, [])).toBe(false)
    expect(fitsProjection({ on: {} }, 7)).toBe(true)
  })
})

test('in whatever pieces it is folded, it comes to the same bytes', () => {
  const key = fc.constantFrom('a', 'b', '__proto__', 'constructor', '1', '0')
  const path = fc.array(key, { maxLength: 3 }).map(keys => keys.map(part => `/${part}`).join(''))
  const from = fc.constantFrom('data', 'data.a', 'data.b.a', '/data/__proto__', 'type', 'position', 'tags')
  const value = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<JsonValue>
  const operation = fc.oneof(
    fc.record({ op: fc.constantFrom('set', 'merge', 'append'), path, value }),
    fc.record({ op: fc.constantFrom('set', 'merge', 'append', 'increment'), path, from }),
    fc.record({ op: fc.constant('increment'), path, by: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
    fc.record({ op: fc.constant('remove'), path }),
  ) as fc.Arbitrary<ProjectionOperation>
  const on = fc.dictionary(fc.constantFrom('A', 'B', '*', 'A*'), fc.array(operation, { minLength: 1, maxLength: 4 }))
  const definition = fc.record(
    { on, initial: value, key: fc.constantFrom('data.a', 'type') },
    { requiredKeys: ['on'] },
  ) as fc.Arbitrary<ProjectionDefinition>
  const data = fc.dictionary(key, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 })
  const history = fc.array(fc.tuple(fc.constantFrom('A', 'B', 'AB'), data), { maxLength: 15 })
  fc.assert(
    fc.property(definition, history, fc.array(fc.nat({ max: 15 }), { maxLength: 4 }), (asked, all, cuts) => {
      const happened = events(...all.map(([type, given]) => [type, JSON.parse(JSON.stringify(given))] as const))
      const before = JSON.stringify([asked, happened.map(({ data: held }) => held)])
      const whole = foldOf(asked, happened)
      let piece: Folded | undefined
      let begun = 0
      for (const cut of [...cuts.sort((a, b) => a - b), happened.length]) {
        const next = Math.min(cut, happened.length)
        piece = foldOf(asked, happened.slice(begun, next), piece)
        // A client, or a file, has had the state in its hands.
        piece = { ...piece, state: JSON.parse(JSON.stringify(piece.state)) }
        begun = next
      }
      expect(JSON.stringify(piece?.state)).toBe(JSON.stringify(whole.state))
      expect(piece?.events).toBe(whole.events)
      expect(JSON.stringify([asked, happened.map(({ data: held }) => held)])).toBe(before)
    }),
    { numRuns: 500 },
  )
})
