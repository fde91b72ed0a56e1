// Compiled shapes: they judge as class-validator does, name every fault, and know nothing but what is declared.
import 'reflect-metadata'
import { mock } from 'node:test'
import { plainToInstance, Type } from 'class-transformer'
import {
  Allow,
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsEmail,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateIf,
  ValidateNested,
  validateSync,
} from 'class-validator'
import fc from 'fast-check'
import type { StoreError } from '../contract/errors.js'
import { validatorOf } from './validator.js'
import { ValidatorPipe } from './validator.pipe.js'

class Address {
  @IsString() @MinLength(1) @MaxLength(4) street: string
  @IsOptional() @IsInt() @Min(1) number?: number
}

class Named {
  @IsString() @Matches(/^[a-z]*$/) name: string
}

class Person extends Named {
  @IsOptional() @IsInt() @Min(0) @Max(10) age?: number
  @IsOptional() @IsNumber() weight?: number
  @IsOptional() @IsBoolean() awake?: boolean
  @IsOptional() @IsIn(['asc', 'desc']) order?: string
  @IsOptional() @IsArray() @ArrayMinSize(1) @ArrayMaxSize(3) @IsString({ each: true }) tags?: string[]
  @IsOptional() @IsObject() anything?: object
  @IsOptional() @ValidateNested() @Type(() => Address) abode?: Address
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Address) others?: Address[]
  @Allow() whatever?: unknown
}

const person = validatorOf(Person)

function faults(check: () => unknown): [string, string][] {
  try {
    check()
  } catch (error) {
    expect((error as StoreError).code).toBe('INVALID_REQUEST')
    return (error as StoreError).errors.map(({ pointer, detail }) => [pointer, detail])
  }
  return []
}

const own = (json: string) => JSON.parse(json) as Record<string, unknown>

test('what is right passes, field by field', () => {
  const body = {
    name: 'ada',
    age: 7,
    weight: 1.5,
    awake: false,
    order: 'asc',
    tags: ['a'],
    anything: { constructor: 1 },
    abode: { street: 'a', number: 1 },
    others: [{ street: '🜁🜁🜁🜁' }],
    whatever: null,
  }
  expect(person.body(body)).toEqual(body)
})

test('every fault is told at once, with its pointer and what is wanted', () => {
  const body = {
    name: 'ADA',
    age: 11,
    weight: '1',
    order: 'up',
    tags: ['a', 1, null],
    abode: { street: '', number: 0.5, 'a/b': 1 },
    others: [{ street: 'a' }, { street: 'abcde' }, 'none'],
    unknown: 1,
  }
  expect(faults(() => person.body(body))).toEqual([
    ['/unknown', 'is not a field that exists here'],
    ['/age', 'must be at most 10'],
    ['/weight', 'must be a finite number'],
    ['/order', 'must be one of "asc", "desc"'],
    ['/tags/1', 'must be a string'],
    ['/tags/2', 'must be a string'],
    ['/abode/a~1b', 'is not a field that exists here'],
    ['/abode/street', 'must have at least 1 characters'],
    ['/abode/number', 'must be an integer'],
    ['/others/1/street', 'must have at most 4 characters'],
    ['/others/2', 'must be an object'],
    ['/name', 'must match /^[a-z]*$/'],
  ])
})

test('what is missing is called required, and null is missing where it may be', () => {
  expect(faults(() => person.body({}))).toEqual([['/name', 'is required']])
  expect(faults(() => person.body({ name: null }))).toEqual([['/name', 'must be a string']])
  expect(person.body({ name: 'a', age: null, abode: undefined })).toEqual({ name: 'a' })
})

test.each([null, undefined, 1, 'a', [], new Date(0)])('%p is no body', value => {
  expect(faults(() => person.body(value))).toEqual([['', 'must be an object']])
})

test('names that every object inherits are fields nobody knows', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const strange = own(`{"name":"a","${name}":{"polluted":1}}`)
    expect(faults(() => person.body(strange))).toEqual([[`/${name}`, 'is not a field that exists here']])
    expect(faults(() => person.query(strange))).toEqual([[`/${name}`, 'is not a field that exists here']])
  }
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

test('a request full of faults is answered with twenty', () => {
  const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`f${i}`, i]))
  expect(faults(() => person.body(many))).toHaveLength(20)
  expect(faults(() => person.body({ name: 'a', others: Array(100_000).fill(1) }))).toHaveLength(20)
  expect(faults(() => person.body({ name: 'a', tags: Array(100_000).fill(1) })).length).toBeLessThanOrEqual(20)
})

describe('a query', () => {
  class Query {
    @IsOptional() @IsInt() @Min(1) limit = 100
    @IsOptional() @IsNumber() ratio?: number
    @IsOptional() @IsBoolean() plain?: boolean
    @IsOptional() @IsArray() @IsString({ each: true }) stream?: string[]
    @IsOptional() @IsArray() @IsInt({ each: true }) @Max(9, { each: true, message: 'is beyond nine' }) at?: number[]
    @IsOptional() @IsString() cursor?: string
  }
  const query = validatorOf(Query)

  test('is text that becomes what the class declares', () => {
    const given = { limit: '7', ratio: '-0.5', plain: 'true', stream: 'a', at: ['1', '2'], cursor: '12' }
    const read = { limit: 7, ratio: -0.5, plain: true, stream: ['a'], at: [1, 2], cursor: '12' }
    expect(query.query(given)).toEqual(read)
    expect(query.query({ plain: 'false' })).toEqual({ limit: 100, plain: false })
  })

  test.each<[string, unknown, string]>([
    ['limit', 'ten', '/limit'],
    ['limit', '', '/limit'],
    ['limit', ' 1', '/limit'],
    ['limit', '1e3', '/limit'],
    ['limit', '0x10', '/limit'],
    ['limit', '+1', '/limit'],
    ['limit', '01', '/limit'],
    ['limit', '1.5', '/limit'],
    ['limit', '0', '/limit'],
    ['limit', '99999999999999999', '/limit'],
    ['limit', 'Infinity', '/limit'],
    ['limit', ['1', '2'], '/limit'],
    ['plain', 'yes', '/plain'],
    ['plain', 'TRUE', '/plain'],
    ['cursor', ['a', 'b'], '/cursor'],
    ['at', ['1', 'x'], '/at/1'],
    ['at', '10', '/at/0'],
    ['Limit', '1', '/Limit'],
  ])('%s may not be %j', (name, value, pointer) => {
    expect(faults(() => query.query({ [name]: value })).map(([found]) => found)).toEqual([pointer])
  })

  test('is told in the words of the class where it has some', () => {
    expect(faults(() => query.query({ at: '10' }))).toEqual([['/at/0', 'is beyond nine']])
  })

  test('goes through the pipe, as a body does', () => {
    const pipe = new ValidatorPipe(Query)
    expect(pipe.transform({ limit: '3' }, { type: 'query' })).toEqual({ limit: 3 })
    expect(pipe.transform({ limit: 3 }, { type: 'body' })).toEqual({ limit: 3 })
    expect(faults(() => pipe.transform({ limit: '3' }, { type: 'body' }))).toEqual([['/limit', 'must be an integer']])
  })
})

test('a class may contain itself', () => {
  class Where {
    @IsOptional() @IsString() field?: string
    @IsOptional() @ValidateNested({ each: true }) @Type(() => Where) and?: Where[]
  }
  const where = validatorOf(Where)
  const good = { and: [{ and: [{ field: 'a' }] }, { field: 'b' }] }
  expect(where.body(good)).toEqual(good)
  expect(faults(() => where.body({ and: [{ and: [{ field: 1 }] }] }))).toEqual([
    ['/and/0/and/0/field', 'must be a string'],
  ])
})

describe('the start is stopped by', () => {
  class Mail {
    @IsEmail() to: string
  }
  class Conditional {
    @ValidateIf(() => true) @IsString() name: string
  }
  class Grouped {
    @IsString({ groups: ['a'] }) name: string
  }
  class Untyped {
    @ValidateNested() inner: object
  }
  class Outer {
    @ValidateNested() @Type(() => Mail) mail: Mail
  }
  class Rounded {
    @IsNumber({ maxDecimalPlaces: 2 }) price: number
  }
  test.each([
    [Mail, 'isEmail'],
    [Conditional, 'conditions'],
    [Grouped, 'groups'],
    [Untyped, '@Type'],
    [Outer, 'isEmail'],
    [Rounded, 'options'],
  ])('%p', (shaped, told) => {
    expect(() => validatorOf(shaped as new () => object)).toThrow(told)
  })
})

test('class-validator comes to the same verdict', () => {
  const warn = mock.method(console, 'warn', () => undefined)
  const scalar = fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    false,
    0,
    -0,
    1,
    5,
    10,
    11,
    0.5,
    'a',
    '',
    'ada',
    'A',
    'asc',
    'abcde',
  )
  const address = fc.record({ street: scalar, number: scalar }, { requiredKeys: [] })
  const item = scalar.filter(value => value !== undefined)
  const some = fc.oneof(scalar, fc.array(item, { maxLength: 4 }), address, fc.array(address, { maxLength: 4 }))
  const often = (good: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 4, arbitrary: good }, { weight: 1, arbitrary: some })
  const goodAddress = fc.record({ street: fc.constantFrom('a', 'abcd') }, { requiredKeys: ['street'] })
  const body = fc.record(
    {
      name: often(fc.constant('ada')),
      age: often(fc.constant(3)),
      weight: often(fc.constant(1.5)),
      awake: often(fc.boolean()),
      order: often(fc.constant('asc')),
      tags: often(fc.constant(['a'])),
      anything: often(fc.constant({})),
      abode: often(goodAddress),
      others: often(fc.array(goodAddress, { maxLength: 2 })),
      whatever: some,
      stranger: fc.constant(1),
    },
    { requiredKeys: ['name'] },
  )
  let passed = 0
  fc.assert(
    fc.property(body, value => {
      const errors = validateSync(plainToInstance(Person, structuredClone(value)), {
        whitelist: true,
        forbidNonWhitelisted: true,
      })
      const found = faults(() => person.body(value))
      if (Array.isArray(value.abode)) {
        expect(found).toContainEqual(['/abode', 'must be an object'])
        return
      }
      expect([found, errors.length > 0]).toEqual([found, found.length > 0])
      if (found.length === 0) passed++
    }),
    { numRuns: 3_000 },
  )
  expect(passed).toBeGreaterThan(20)
  warn.mock.restore()
})
