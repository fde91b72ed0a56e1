// Definitions of projections that cannot be: each is refused, and every fault has its place.
import { describe, expect, test } from '@jest/globals'
import type { StoreError } from '../contract/errors.js'
import { DEFINITION_LIMITS } from '../definitions/definition-limits.js'
import { checkProjection } from './check-projection.js'

const refusal = (definition: unknown, name = 'tasks'): StoreError => {
  try {
    checkProjection(name, definition as never)
  } catch (error) {
    return error as StoreError
  }
  throw new Error('was not refused')
}
const pointersOf = (definition: unknown, name?: string) =>
  refusal(definition, name).errors.map(({ pointer }) => pointer)
const doing = (...operations: unknown[]) => ({ on: { T: operations } })
const deep = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
const HALF = '\ud800'

describe('a definition', () => {
  test.each<readonly [string, unknown, string]>([
    ['nothing to do', {}, '/on'],
    ['a list of reactions', { on: [] }, '/on'],
    ['no reaction', { on: {} }, '/on'],
    ['a glob that no type matches', { on: { 'a b': [{ op: 'remove', path: '' }] } }, '/on/a b'],
    ['a glob that is empty', { on: { '': [{ op: 'remove', path: '' }] } }, '/on/'],
    ['operations that are no list', { on: { T: { op: 'set' } } }, '/on/T'],
    ['no operations', doing(), '/on/T'],
    ['an operation that is none', doing(null), '/on/T/0'],
    ['an operation that is text', doing('set'), '/on/T/0'],
    ['an operation that is a list', doing([]), '/on/T/0'],
    ['code', doing({ op: 'eval', path: '/a', value: 'process.exit()' }), '/on/T/0/op'],
    ['an operation by an inherited name', doing({ op: 'constructor', path: '/a' }), '/on/T/0/op'],
    ['no path', doing({ op: 'set', value: 1 }), '/on/T/0/path'],
    ['a path that is no pointer', doing({ op: 'set', path: 'a', value: 1 }), '/on/T/0/path'],
    ['a path with a bad escape', doing({ op: 'set', path: '/a~2', value: 1 }), '/on/T/0/path'],
    ['a path that is a number', doing({ op: 'remove', path: 7 }), '/on/T/0/path'],
    ['a path that is too deep', doing({ op: 'remove', path: '/a'.repeat(33) }), '/on/T/0/path'],
    ['a path that is too long', doing({ op: 'remove', path: `/${'a'.repeat(256)}` }), '/on/T/0/path'],
    ['a path of half a character', doing({ op: 'remove', path: `/${HALF}` }), '/on/T/0/path'],
    ['neither value nor from', doing({ op: 'set', path: '' }), '/on/T/0'],
    ['both value and from', doing({ op: 'append', path: '', value: 1, from: 'data' }), '/on/T/0'],
    ['from of no field', doing({ op: 'set', path: '', from: 'secret.x' }), '/on/T/0/from'],
    ['from into a field without keys', doing({ op: 'merge', path: '', from: 'type.length' }), '/on/T/0/from'],
    ['from that is too deep', doing({ op: 'set', path: '', from: `data${'.a'.repeat(33)}` }), '/on/T/0/from'],
    ['a value that is too deep', doing({ op: 'set', path: '', value: deep(33) }), '/on/T/0/value'],
    ['a value of half a character', doing({ op: 'set', path: '', value: { [HALF]: 1 } }), '/on/T/0/value'],
    ['a step that is text', doing({ op: 'increment', path: '/n', by: '1' }), '/on/T/0/by'],
    ['a step beyond what can be counted', doing({ op: 'increment', path: '/n', by: 2 ** 53 }), '/on/T/0/by'],
    ['a step that is no number', doing({ op: 'increment', path: '/n', by: Number.NaN }), '/on/T/0/by'],
    ['both by and from', doing({ op: 'increment', path: '/n', by: 1, from: 'data.n' }), '/on/T/0'],
    ['a removal of a value', doing({ op: 'remove', path: '/n', value: 1 }), '/on/T/0/value'],
    ['a field nobody knows', doing({ op: 'set', path: '', value: 1, if: 'x' }), '/on/T/0/if'],
    ['the second of two', doing({ op: 'remove', path: '' }, { op: 'remove' }), '/on/T/1/path'],
    ['a key of no event', { key: 'body.task', ...doing({ op: 'remove', path: '' }) }, '/key'],
    ['a beginning that is too deep', { initial: deep(40), ...doing({ op: 'remove', path: '' }) }, '/initial'],
    ['a bad stream', { filter: { streams: ['a b'] }, ...doing({ op: 'remove', path: '' }) }, '/filter/streams/0'],
    ['half a character', { description: HALF, ...doing({ op: 'remove', path: '' }) }, '/description'],
  ])('with %s is refused', (_, definition, pointer) => {
    expect(refusal(definition)).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(pointersOf(definition)).toContain(pointer)
  })

  test('may have so many operations and so many bytes, and no more', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => ({ op: 'remove', path: `/${i}` }))
    const { operations, definitionBytes } = DEFINITION_LIMITS
    expect(() => checkProjection('p', { on: { A: many(100), B: many(operations - 100) } })).not.toThrow()
    expect(pointersOf({ on: { A: many(100), B: many(operations - 99) } })).toEqual(['/on/B'])
    const large = (chars: number) => ({ initial: 'x'.repeat(chars), ...doing({ op: 'remove', path: '' }) })
    expect(() => checkProjection('p', large(definitionBytes - 100))).not.toThrow()
    expect(pointersOf(large(definitionBytes))).toEqual([''])
  })

  test.each(['', '.hidden', '-a', 'a b', 'a/b', 'a'.repeat(65), 'é', '$own'])('cannot be called %j', name => {
    expect(pointersOf(doing({ op: 'remove', path: '' }), name)).toEqual([''])
  })

  test('with many faults has them all named, up to twenty', () => {
    expect(pointersOf(doing(...Array.from({ length: 30 }, () => null)))).toHaveLength(20)
  })

  test('may call its types and keys what it wants', () => {
    const on = JSON.parse('{"__proto__":[{"op":"set","path":"/__proto__","value":{"constructor":null}}]}')
    expect(checkProjection('p', { on, key: '/data/__proto__' })).toMatchObject({ key: '/data/__proto__' })
  })
})
