// The words for fields: what a document promises of a field is what its rule demands.
import 'reflect-metadata'
import type { StoreError } from '../contract/errors.js'
import {
  AnyList,
  AnyObject,
  AnyValue,
  Decimal,
  Either,
  Flag,
  Integer,
  Nested,
  NestedList,
  OneOf,
  PositionField,
  PositionList,
  SomeOf,
  Text,
  TextList,
} from './fields.decorator.js'
import { validatorOf } from './validator.js'

class Inner {
  @Text('A name.', { max: 2 }) name: string
}

class Outer {
  @Text('A text.', { optional: true, min: 1, max: 2, pattern: /^[a-z]*$/, patternFault: 'must be small' }) text?: string
  @TextList('Texts.', { optional: true, min: 1, max: 2, of: { max: 3 } }) texts?: string[]
  @Integer('A number.', { optional: true, min: 1, max: 9 }) integer?: number
  @Decimal('A number.', { optional: true, min: 0, max: 1 }) decimal?: number
  @PositionField('A position.', { optional: true, example: 7 }) position?: number
  @PositionList('Positions.', { optional: true, max: 2 }) positions?: number[]
  @Flag('Whether.', { optional: true }) flag?: boolean
  @OneOf('One.', { optional: true, of: ['a', 'b'] }) one?: string
  @SomeOf('Some.', { optional: true, of: ['a', 'b'] }) some?: string[]
  @Nested('One.', Inner, { optional: true }) nested?: Inner
  @NestedList('Many.', Inner, { optional: true, max: 1 }) many?: Inner[]
  @AnyObject('An object.', { optional: true }) object?: object
  @AnyList('A list.', { type: 'object' }, { optional: true, max: 1 }) list?: unknown[]
  @AnyValue('Anything.', { optional: true }) value?: unknown
  @Either('Of two kinds.', [{ type: 'integer' }, { type: 'string' }]) either: unknown
}

const said = (name: string) => Reflect.getMetadata('swagger/apiModelProperties', Outer.prototype, name)

function faultsOf(body: object): [string, string][] {
  try {
    validatorOf(Outer).body({ either: 1, ...body })
  } catch (error) {
    return (error as StoreError).errors.map(({ pointer, detail }) => [pointer, detail])
  }
  return []
}

test('what is right passes', () => {
  const body = {
    text: 'ab',
    texts: ['abc'],
    integer: 9,
    decimal: 0.5,
    position: 0,
    positions: [1],
    flag: false,
    one: 'a',
    some: ['b'],
    nested: { name: 'ab' },
    many: [{ name: '' }],
    object: { any: 1 },
    list: [{}],
    value: false,
  }
  expect(faultsOf(body)).toEqual([])
})

test.each([
  ['text', 'abc', '', { minLength: 1, maxLength: 2 }],
  ['text', 'A', '', { pattern: '^[a-z]*$' }],
  ['texts', [], '', { minItems: 1, maxItems: 2 }],
  ['texts', ['abcd'], '/0', { items: { type: 'string', maxLength: 3 } }],
  ['integer', 10, '', { minimum: 1, maximum: 9 }],
  ['integer', 1.5, '', { type: 'integer' }],
  ['decimal', -1, '', { minimum: 0, maximum: 1 }],
  ['position', -1, '', { type: 'integer', minimum: 0 }],
  ['positions', [0], '/0', { items: { type: 'integer', minimum: 1 }, maxItems: 2 }],
  ['flag', 'true', '', { type: Boolean }],
  ['one', 'c', '', { enum: ['a', 'b'] }],
  ['some', ['c'], '/0', { items: { type: 'string', enum: ['a', 'b'] } }],
  ['nested', {}, '/name', { type: Inner }],
  ['many', [{}], '/0/name', { type: Inner, isArray: true, maxItems: 1 }],
  ['object', [], '', { type: 'object', additionalProperties: true }],
  ['list', [{}, {}], '', { type: 'array', maxItems: 1 }],
] as const)('%s %j is refused, as its description says', (name, value, below, schema) => {
  expect(faultsOf({ [name]: value }).map(([pointer]) => pointer)).toEqual([`/${name}${below}`])
  expect(said(name)).toMatchObject({ required: false, ...schema })
})

test('what is not optional is demanded', () => {
  expect(faultsOf({ either: undefined })).toEqual([['/either', 'is required']])
  expect(said('either').required).not.toBe(false)
})

test('a text of the wrong form is told in the words of its field', () => {
  expect(faultsOf({ text: 'A' })).toEqual([['/text', 'must be small']])
})
