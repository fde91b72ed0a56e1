// Definitions of upcasters that cannot be: each is refused, and every fault has its place.
import { describe, expect, test } from '@jest/globals'
import type { StoreError } from '../contract/errors.js'
import { checkUpcaster } from './check-upcaster.js'

const refusal = (steps: unknown, type = 'task.opened'): StoreError => {
  try {
    checkUpcaster(type, { steps })
  } catch (error) {
    return error as StoreError
  }
  throw new Error('was not refused')
}
const pointersOf = (steps: unknown, type?: string) => refusal(steps, type).errors.map(({ pointer }) => pointer)
const ops = [{ op: 'remove', path: '/old' }]
const doing = (...given: unknown[]) => [{ from: 1, to: 2, ops: given }]

describe('a chain', () => {
  test.each<readonly [string, unknown, string]>([
    ['no steps', undefined, '/steps'],
    ['no list of steps', {}, '/steps'],
    ['an empty list of steps', [], '/steps'],
    ['more steps than may be', Array.from({ length: 101 }, (_, i) => ({ from: i + 1, to: i + 2, ops })), '/steps'],
    ['a step that is none', [7], '/steps/0'],
    ['no versions', [{ ops }], '/steps/0/from'],
    ['versions that are texts', [{ from: '1', to: '2', ops }], '/steps/0/to'],
    ['a version of 0', [{ from: 0, to: 1, ops }], '/steps/0/from'],
    ['a step to where it begins', [{ from: 1, to: 1, ops }], '/steps/0/to'],
    ['a step backwards', [{ from: 3, to: 1, ops }], '/steps/0/to'],
    ['a gap', [...doing(...ops), { from: 3, to: 4, ops }], '/steps/1/from'],
    ['a fork', [...doing(...ops), { from: 1, to: 3, ops }], '/steps/1/from'],
    ['no operations', [{ from: 1, to: 2 }], '/steps/0/ops'],
    ['an operation that is none', doing(1), '/steps/0/ops/0'],
    ['code', doing({ op: 'script', path: '/a' }), '/steps/0/ops/0/op'],
    ['a path that is no pointer', doing({ op: 'remove', path: 'a' }), '/steps/0/ops/0/path'],
    ['a path to everything', doing({ op: 'remove', path: '' }), '/steps/0/ops/0/path'],
    ['no new name', doing({ op: 'rename', path: '/a' }), '/steps/0/ops/0/to'],
    ['a new name that is too long', doing({ op: 'rename', path: '/a', to: 'x'.repeat(257) }), '/steps/0/ops/0/to'],
    ['a move into itself', doing({ op: 'move', from: '/a', to: '/a/b' }), '/steps/0/ops/0/to'],
    ['a move onto what is around it', doing({ op: 'move', from: '/a/b', to: '/a' }), '/steps/0/ops/0/to'],
    ['a move to nowhere', doing({ op: 'move', from: '/a' }), '/steps/0/ops/0/to'],
    ['a move with a path', doing({ op: 'move', from: '/a', to: '/b', path: '/c' }), '/steps/0/ops/0/path'],
    ['no default', doing({ op: 'default', path: '/a' }), '/steps/0/ops/0/value'],
    ['a removal of a value', doing({ op: 'remove', path: '/a', value: 1 }), '/steps/0/ops/0/value'],
    ['a field nobody knows', [{ from: 1, to: 2, ops, when: 'now' }], '/steps/0/when'],
  ])('with %s is refused', (_, steps, pointer) => {
    expect(refusal(steps)).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(pointersOf(steps)).toContain(pointer)
  })

  test('is of a type that events can have', () => {
    for (const type of ['', '1a', 'a b', 'a*', 'x'.repeat(129)]) expect(pointersOf(doing(...ops), type)).toEqual([''])
  })

  test('may begin anywhere and leave versions out that never were', () => {
    expect(() =>
      checkUpcaster('T', {
        steps: [
          { from: 4, to: 9, ops },
          { from: 9, to: 10, ops },
        ],
      }),
    ).not.toThrow()
  })
})
