// Decorators for fields of requests and answers; each adds both the OpenAPI description and the validation rule.
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
  readonly optional?: boolean
  /** For answers only: nothing validates an answer, so no rule follows from it. */
  readonly nullable?: boolean
  readonly example?: unknown
  readonly default?: unknown
}

/** Both bounds are inclusive: characters of a text, items of a list, or the number itself. */
interface Bounded extends Facts {
  readonly min?: number
  readonly max?: number
}

interface TextFacts extends Bounded {
  readonly format?: 'date-time'
  readonly pattern?: RegExp
  /** Replaces the usual message when a text does not match the pattern. */
  readonly patternFault?: string
}

interface ListFacts extends Bounded {
  /** Bounds the characters of each item. */
  readonly of?: { readonly min?: number; readonly max: number }
}

interface ObjectFacts extends Facts {
  readonly additionalProperties?: object
  /** The forms that it has; the code that takes it checks them. */
  readonly oneOf?: readonly object[]
}

type Schema = Readonly<Record<string, unknown>>
type Keywords = Readonly<Record<string, string>>

const OF_TEXTS = { min: 'minLength', max: 'maxLength' } as const
const OF_LISTS = { min: 'minItems', max: 'maxItems' } as const
const OF_NUMBERS = { min: 'minimum', max: 'maximum' } as const

/** Facts keep the order in which they are given, so that the OpenAPI document follows the code. */
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

/** A position in the log or a revision in a stream. */
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

export function Decimal(description: string, facts: Bounded = {}): PropertyDecorator {
  return field({ description, type: Number }, facts, [IsNumber(), ...within(facts, Min, Max)], OF_NUMBERS)
}

export function Flag(description: string, facts: Facts = {}): PropertyDecorator {
  return field({ description, type: Boolean }, facts, [IsBoolean()])
}

export function OneOf(description: string, facts: Facts & { readonly of: readonly string[] }): PropertyDecorator {
  return field({ description }, facts, [IsIn([...facts.of])], { of: 'enum' })
}

/** Every item must be one of `of`. */
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

/** For an object whose fields no class describes. */
export function AnyObject(description: string, facts: ObjectFacts = {}): PropertyDecorator {
  return field({ description, type: 'object', additionalProperties: true }, facts, [IsObject()])
}

/** For a list whose items no class describes; the code that takes the list checks them. */
export function AnyList(description: string, items: Schema, facts: Bounded = {}): PropertyDecorator {
  return field(
    { description, type: 'array', items },
    facts,
    [IsArray(), ...within(facts, ArrayMinSize, ArrayMaxSize)],
    OF_LISTS,
  )
}

/** Accepts every JSON value. Without the list of types the document would promise an object. */
export function AnyValue(description: string, facts: Facts = {}): PropertyDecorator {
  const kinds = ['string', 'number', 'boolean', 'null'].map(type => ({ type }))
  return Either(
    description,
    [{ type: 'object', additionalProperties: true }, { type: 'array', items: {} }, ...kinds],
    facts,
  )
}

/** For a value of one of several types; only its presence is checked here, the code that takes it checks the rest. */
export function Either(description: string, oneOf: readonly Schema[], facts: Facts = {}): PropertyDecorator {
  return field({ description }, { ...facts, oneOf } as Facts, [IsDefined()])
}

/** For an object that a class of another feature describes; features do not import each other, so it is named. */
export function ObjectOf(description: string, schema: string): PropertyDecorator {
  return field({ description, allOf: [{ $ref: `#/components/schemas/${schema}` }] }, {}, [IsObject()])
}
