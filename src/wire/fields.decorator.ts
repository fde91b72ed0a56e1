// The words for a field of a request or an answer: each is its description in OpenAPI and its rule at once.
import { applyDecorators } from '@nestjs/common'
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger'
import { Type } from 'class-transformer'
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsDefined,
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
  ValidateNested,
} from 'class-validator'

interface Facts {
  /** It may be left out. */
  readonly optional?: boolean
  /** Of answers alone, which nobody checks: it may be null. */
  readonly nullable?: boolean
  readonly example?: unknown
  readonly default?: unknown
}

/** Of a text in characters, of a list in items, of a number itself; both inclusive. */
interface Bounded extends Facts {
  readonly min?: number
  readonly max?: number
}

interface TextFacts extends Bounded {
  readonly format?: 'date-time'
  readonly pattern?: RegExp
  /** What is said of a text that does not match the pattern. */
  readonly patternFault?: string
}

interface ListFacts extends Bounded {
  /** Of each item. */
  readonly of?: { readonly min?: number; readonly max: number }
}

interface ObjectFacts extends Facts {
  readonly additionalProperties?: object
}

type Schema = Readonly<Record<string, unknown>>
type Keywords = Readonly<Record<string, string>>

const OF_TEXTS = { min: 'minLength', max: 'maxLength' } as const
const OF_LISTS = { min: 'minItems', max: 'maxItems' } as const
const OF_NUMBERS = { min: 'minimum', max: 'maximum' } as const

/** Says of a field what holds for it, in the order in which the facts are given, so that the document follows the code. */
function field(
  schema: Schema,
  { optional, ...facts }: Facts,
  rules: readonly PropertyDecorator[],
  keywords: Keywords = {},
): PropertyDecorator {
  const described = Object.entries(facts).map(([fact, value]) => [keywords[fact] ?? fact, value])
  const options = { ...schema, ...Object.fromEntries(described), ...(optional ? { required: false } : undefined) }
  return applyDecorators(ApiProperty(options as ApiPropertyOptions), ...(optional ? [IsOptional()] : []), ...rules)
}

/** The rules of bounds that are given. */
function within(
  { min, max }: Bounded,
  atLeast: (min: number) => PropertyDecorator,
  atMost: (max: number) => PropertyDecorator,
): PropertyDecorator[] {
  return [...(min === undefined ? [] : [atLeast(min)]), ...(max === undefined ? [] : [atMost(max)])]
}

export function Text(description: string, { patternFault, ...facts }: TextFacts = {}): PropertyDecorator {
  const { pattern } = facts
  const message = patternFault === undefined ? {} : { message: patternFault }
  const matches = pattern === undefined ? [] : [Matches(pattern, message)]
  const rules = [IsString(), ...within(facts, MinLength, MaxLength), ...matches]
  return field({ description, type: String }, facts, rules, OF_TEXTS)
}

export function TextList(description: string, { of, ...facts }: ListFacts = {}): PropertyDecorator {
  const each = { each: true }
  const ofItems = within(
    of ?? {},
    min => MinLength(min, each),
    max => MaxLength(max, each),
  )
  const rules = [IsArray(), ...within(facts, ArrayMinSize, ArrayMaxSize), IsString(each), ...ofItems]
  if (of === undefined) return field({ description, type: [String] }, facts, rules, OF_LISTS)
  const items = { type: 'string', minLength: of.min, maxLength: of.max }
  return field({ description, type: 'array', items }, facts, rules, OF_LISTS)
}

export function Integer(description: string, facts: Bounded = {}): PropertyDecorator {
  return field({ description, type: 'integer' }, facts, [IsInt(), ...within(facts, Min, Max)], OF_NUMBERS)
}

/** A place in the log, or in a stream. */
export function PositionField(description: string, facts: Facts): PropertyDecorator {
  const rules = [IsInt(), Min(0), Max(Number.MAX_SAFE_INTEGER)]
  const { example, ...others } = facts
  return field({ description, type: 'integer', example, minimum: 0 }, others, rules)
}

export function PositionList(description: string, facts: Bounded): PropertyDecorator {
  const each = { each: true }
  const ofItems = [IsInt(each), Min(1, each), Max(Number.MAX_SAFE_INTEGER, each)]
  const rules = [IsArray(), ...within(facts, ArrayMinSize, ArrayMaxSize), ...ofItems]
  return field({ description, type: 'array', items: { type: 'integer', minimum: 1 } }, facts, rules, OF_LISTS)
}

/** A number that need not be whole. */
export function Decimal(description: string, facts: Bounded = {}): PropertyDecorator {
  return field({ description, type: Number }, facts, [IsNumber(), ...within(facts, Min, Max)], OF_NUMBERS)
}

export function Flag(description: string, facts: Facts = {}): PropertyDecorator {
  return field({ description, type: Boolean }, facts, [IsBoolean()])
}

/** One of the values in `of`. */
export function OneOf(description: string, facts: Facts & { readonly of: readonly string[] }): PropertyDecorator {
  return field({ description }, facts, [IsIn([...facts.of])], { of: 'enum' })
}

/** A list of values in `of`. */
export function SomeOf(description: string, facts: Facts & { readonly of: readonly string[] }): PropertyDecorator {
  const { of } = facts
  const rules = [IsArray(), ArrayMaxSize(of.length), IsIn([...of], { each: true })]
  return field({ description, isArray: true }, facts, rules, { of: 'enum' })
}

export function Nested(description: string, type: new () => object, facts: Facts = {}): PropertyDecorator {
  return field({ description, type }, facts, [IsObject(), ValidateNested(), Type(() => type)])
}

export function NestedList(description: string, type: new () => object, facts: Bounded = {}): PropertyDecorator {
  const rules = [IsArray(), ...within(facts, ArrayMinSize, ArrayMaxSize), ValidateNested({ each: true })]
  return field({ description, type: [type] }, facts, [...rules, Type(() => type)], OF_LISTS)
}

/** An object whose fields no class names. */
export function AnyObject(description: string, facts: ObjectFacts = {}): PropertyDecorator {
  return field({ description, type: 'object', additionalProperties: true }, facts, [IsObject()])
}

/** A list of what no class names: whoever takes it judges its items. */
export function AnyList(description: string, items: Schema, facts: Bounded = {}): PropertyDecorator {
  return field(
    { description, type: 'array', items },
    facts,
    [IsArray(), ...within(facts, ArrayMinSize, ArrayMaxSize)],
    OF_LISTS,
  )
}

/** Whatever JSON has. Without a word of its kind, the document would promise an object. */
export function AnyValue(description: string, facts: Facts = {}): PropertyDecorator {
  const kinds = ['string', 'number', 'boolean', 'null'].map(type => ({ type }))
  return Either(
    description,
    [{ type: 'object', additionalProperties: true }, { type: 'array', items: {} }, ...kinds],
    facts,
  )
}

/** A value of one of several kinds: whoever takes it judges it. */
export function Either(description: string, oneOf: readonly Schema[], facts: Facts = {}): PropertyDecorator {
  return field({ description }, { ...facts, oneOf } as Facts, [IsDefined()])
}

/** An object that a class of another feature describes, by the name of its schema. */
export function ObjectOf(description: string, schema: string): PropertyDecorator {
  return field({ description, allOf: [{ $ref: `#/components/schemas/${schema}` }] }, {}, [IsObject()])
}
