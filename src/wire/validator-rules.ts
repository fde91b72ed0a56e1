// Reads the class-validator decorators of a class as rules for each property, once, when the server starts.
import { plainToInstance } from 'class-transformer'
import { arrayMaxSize, arrayMinSize, getMetadataStorage, matches, maxLength, minLength } from 'class-validator'

export interface Check {
  readonly holds: (value: unknown) => boolean
  readonly says: string
}

export interface PropertyRules {
  readonly isOptional: boolean
  /** The type of the value is checked first, because its other faults mean nothing when the type is wrong. */
  readonly checks: readonly Check[]
  /** They apply to the items of a list; a value that is not a list is checked by them itself. */
  readonly itemChecks: readonly Check[]
  readonly nested: (new () => object) | undefined
  readonly isList: boolean
  /** What a text in a query string is converted to. */
  readonly scalar: 'text' | 'number' | 'boolean'
}

type ShapeClass = new () => object
type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number]
type Constraints = readonly unknown[]

interface Decorator {
  readonly rank: number
  readonly holds: (value: unknown, constraints: Constraints) => boolean
  readonly says: (constraints: Constraints) => string
}

const KIND = 0
const SIZE = 1

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

const decorators: Readonly<Record<string, Decorator>> = {
  // The type has no decorator, so only presence is checked here; the code that takes the value checks the rest.
  isDefined: { rank: KIND, holds: value => value !== undefined, says: () => 'is required' },
  isString: { rank: KIND, holds: value => typeof value === 'string', says: () => 'must be a string' },
  isInt: { rank: KIND, holds: Number.isInteger, says: () => 'must be an integer' },
  isNumber: { rank: KIND, holds: isNumber, says: () => 'must be a finite number' },
  isBoolean: { rank: KIND, holds: value => typeof value === 'boolean', says: () => 'must be true or false' },
  isArray: { rank: KIND, holds: Array.isArray, says: () => 'must be an array' },
  isObject: {
    rank: KIND,
    holds: value => typeof value === 'object' && value !== null && !Array.isArray(value),
    says: () => 'must be an object',
  },
  isIn: {
    rank: SIZE,
    holds: (value, [values]) => (values as unknown[]).includes(value),
    says: ([values]) => `must be one of ${(values as unknown[]).map(value => JSON.stringify(value)).join(', ')}`,
  },
  min: {
    rank: SIZE,
    holds: (value, [least]) => typeof value === 'number' && value >= (least as number),
    says: ([least]) => `must be at least ${least}`,
  },
  max: {
    rank: SIZE,
    holds: (value, [most]) => typeof value === 'number' && value <= (most as number),
    says: ([most]) => `must be at most ${most}`,
  },
  minLength: {
    rank: SIZE,
    holds: (value, [least]) => minLength(value, least as number),
    says: ([least]) => `must have at least ${least} characters`,
  },
  maxLength: {
    rank: SIZE,
    // Counting code points is slow, and a text with few enough UTF-16 units cannot have too many.
    holds: (value, [most]) =>
      typeof value === 'string' && (value.length <= (most as number) || maxLength(value, most as number)),
    says: ([most]) => `must have at most ${most} characters`,
  },
  arrayMinSize: {
    rank: SIZE,
    holds: (value, [least]) => arrayMinSize(value, least as number),
    says: ([least]) => `must have at least ${least} items`,
  },
  arrayMaxSize: {
    rank: SIZE,
    holds: (value, [most]) => arrayMaxSize(value, most as number),
    says: ([most]) => `must have at most ${most} items`,
  },
  matches: {
    rank: SIZE + 1,
    holds: (value, [pattern]) => matches(value as string, pattern as RegExp),
    says: ([pattern]) => `must match ${pattern}`,
  },
}

/** Includes the rules of base classes. Throws when a decorator is not known here. */
export function propertiesOf(shaped: ShapeClass): Map<string, PropertyRules> {
  const storage = getMetadataStorage()
  const all = storage.getTargetValidationMetadatas(shaped, '', false, false)
  const byProperty = storage.groupByPropertyName(all)
  return new Map(Object.entries(byProperty).map(([name, found]) => [name, rulesOf(shaped, name, inOrder(found))]))
}

/** Decorators run from the one nearest to the property upwards; checks and messages follow the order in the source. */
function inOrder(found: readonly Metadata[]): Metadata[] {
  return [...found].reverse()
}

function rulesOf(shaped: ShapeClass, property: string, found: readonly Metadata[]): PropertyRules {
  const checks: RankedCheck[] = []
  let isOptional = false
  let isNested = false
  for (const metadata of found) {
    const { type, name } = metadata
    refuseOptions(shaped, metadata)
    if (name === 'isOptional') isOptional = true
    else if (type === 'nestedValidation') {
      isNested = true
    } else if (type !== 'whitelistValidation') {
      checks.push(checkOf(shaped, metadata))
    }
  }
  const names = new Set(found.map(({ name }) => name))
  return {
    isOptional,
    checks: ranked(checks.filter(({ each }) => !each)),
    itemChecks: ranked(checks.filter(({ each }) => each)),
    nested: isNested ? typeOf(shaped, property) : undefined,
    isList: names.has('isArray') || found.some(({ each }) => each),
    scalar: names.has('isBoolean') ? 'boolean' : isNumeric(found) ? 'number' : 'text',
  }
}

interface RankedCheck extends Check {
  readonly rank: number
  readonly each: boolean
}

function ranked(checks: readonly RankedCheck[]): Check[] {
  return [...checks].sort((a, b) => a.rank - b.rank).map(({ holds, says }) => ({ holds, says }))
}

function isNumeric(found: readonly Metadata[]): boolean {
  return found.some(
    ({ name = '', constraints }) =>
      ['isInt', 'isNumber', 'min', 'max'].includes(name) ||
      (name === 'isIn' && (constraints[0] as unknown[]).every(value => typeof value === 'number')),
  )
}

function checkOf(
  shaped: ShapeClass,
  { name = '', constraints = [], message, each, propertyName }: Metadata,
): RankedCheck {
  const decorator = decorators[name]
  if (decorator === undefined) {
    throw new Error(
      `${shaped.name}.${propertyName} bears a decorator that src/wire/validator-rules.ts does not know: ${name}`,
    )
  }
  if (name === 'isNumber' && Object.keys((constraints[0] as object | undefined) ?? {}).length > 0) {
    throw new Error(`${shaped.name}.${propertyName}: IsNumber takes no options here`)
  }
  return {
    rank: decorator.rank,
    each: each === true,
    holds: (value: unknown) => decorator.holds(value, constraints),
    says: typeof message === 'string' ? message : decorator.says(constraints),
  }
}

function refuseOptions(shaped: ShapeClass, { groups, validateIf, message, propertyName, type, name }: Metadata): void {
  const conditional = type === 'conditionalValidation' && name !== 'isOptional'
  if ((groups?.length ?? 0) > 0 || validateIf !== undefined || typeof message === 'function' || conditional) {
    throw new Error(`${shaped.name}.${propertyName}: groups, conditions and computed messages are not known here`)
  }
}

/** class-transformer does not expose the class given to `@Type`, so an instance is made to learn it. */
function typeOf(shaped: ShapeClass, property: string): ShapeClass {
  const made = plainToInstance(shaped, { [property]: [{}] }) as Record<string, unknown>
  const [item] = (made[property] as unknown[] | undefined) ?? []
  const type = (item as object | undefined)?.constructor
  if (type === undefined || type === Object) {
    throw new Error(`${shaped.name}.${property} has ValidateNested and needs @Type(() => …) beside it`)
  }
  return type as ShapeClass
}
