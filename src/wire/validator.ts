// Compiles the class that describes a body or a query into a function that checks it and reports each fault.
import { FieldFindings, pointerSegment } from '../contract/check/field-findings.js'
import { isPlainObject } from '../contract/check/json-walk.js'
import { unknownField } from '../contract/check/unknown-field.js'
import { type Check, type PropertyRules, propertiesOf } from './validator-rules.js'

export type ShapeClass<T extends object = object> = new () => T

export interface Validator<T> {
  /** Throws INVALID_REQUEST with all faults found. An optional field that is null counts as absent. */
  body(value: unknown): T
  /** As `body`, after texts are converted to the numbers, booleans and lists that the class declares. */
  query(value: Readonly<Record<string, unknown>>): T
}

type Plain = Record<string, unknown>

class Property {
  readonly segment: string
  private nested: ObjectShape | undefined

  constructor(
    readonly name: string,
    readonly rules: PropertyRules,
  ) {
    this.segment = pointerSegment(name)
  }

  check(value: unknown, pointer: string, findings: FieldFindings): unknown {
    const { checks, itemChecks, nested } = this.rules
    const fault = faultIn(value, checks) ?? (Array.isArray(value) ? undefined : faultIn(value, itemChecks))
    if (fault !== undefined) {
      findings.add('INVALID_REQUEST', pointer, value === undefined ? 'is required' : fault)
      return value
    }
    if (itemChecks.length > 0 && Array.isArray(value)) this.items(value, pointer, findings)
    return nested === undefined || value === undefined ? value : this.inner(value, pointer, findings)
  }

  private items(items: readonly unknown[], pointer: string, findings: FieldFindings): void {
    for (let i = 0; i < items.length && !findings.full; i++) {
      const fault = faultIn(items[i], this.rules.itemChecks)
      if (fault !== undefined) findings.add('INVALID_REQUEST', `${pointer}/${i}`, fault)
    }
  }

  /** Stricter than class-validator, which accepts a list of objects where one object is declared. */
  private inner(value: unknown, pointer: string, findings: FieldFindings): unknown {
    // Resolved on first use, because a class may contain itself.
    this.nested ??= shapeWithin(this.rules.nested as ShapeClass)
    const { nested } = this
    if (!this.rules.isList) return nested.check(value, pointer, findings)
    if (Array.isArray(value)) {
      return value.map((item, i) => (findings.full ? item : nested.check(item, `${pointer}/${i}`, findings)))
    }
    findings.add('INVALID_REQUEST', pointer, 'must be an array')
    return value
  }

  /** Converts a query value to the declared type; text that cannot be converted is kept, for the check to refuse. */
  coerced(value: unknown): unknown {
    if (!this.rules.isList) return this.scalar(value)
    return (Array.isArray(value) ? value : [value]).map(item => this.scalar(item))
  }

  private scalar(value: unknown): unknown {
    if (typeof value !== 'string' || this.rules.scalar === 'text') return value
    if (this.rules.scalar === 'boolean') return value === 'true' ? true : value === 'false' ? false : value
    return DECIMAL.test(value) ? Number(value) : value
  }
}

/** Only the first failing check is reported, because the later ones usually fail for the same reason. */
function faultIn(value: unknown, checks: readonly Check[]): string | undefined {
  for (const { holds, says } of checks) if (!holds(value)) return says
  return undefined
}

/** Numbers as JSON writes them, without exponents. The digits are limited, because a double cannot keep more. */
const DECIMAL = /^-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,15})?$/

class ObjectShape {
  readonly properties = new Map<string, Property>()
  private readonly defaults: Plain = {}

  constructor(shaped: ShapeClass) {
    for (const [name, rules] of propertiesOf(shaped)) this.properties.set(name, new Property(name, rules))
    for (const [name, value] of Object.entries(new shaped())) {
      if (value !== undefined) this.defaults[name] = value
    }
  }

  check(value: unknown, pointer: string, findings: FieldFindings): Plain {
    if (!isPlainObject(value)) {
      findings.add('INVALID_REQUEST', pointer, 'must be an object')
      return {}
    }
    for (const name of Object.keys(value)) {
      if (!this.properties.has(name)) {
        findings.add('INVALID_REQUEST', pointer + pointerSegment(name), unknownField(name, this.properties.keys()))
        if (findings.full) return {}
      }
    }
    return this.fields(value, pointer, findings)
  }

  private fields(value: Plain, pointer: string, findings: FieldFindings): Plain {
    const checked: Plain = { ...this.defaults }
    for (const property of this.properties.values()) {
      const { name } = property
      // An inherited property such as `constructor` must not count as a field of the object.
      const field = Object.hasOwn(value, name) ? value[name] : undefined
      if (property.rules.isOptional && (field === undefined || field === null)) continue
      const found = property.check(field, pointer + property.segment, findings)
      if (found !== undefined) checked[name] = found
      if (findings.full) return checked
    }
    return checked
  }

  coerced(query: Readonly<Plain>): Plain {
    const coerced: Plain = {}
    for (const name of Object.keys(query)) {
      const property = this.properties.get(name)
      if (property !== undefined) coerced[name] = property.coerced(query[name])
      // An unknown name must reach the check, which refuses it; assigning `__proto__` would lose it.
      else Object.defineProperty(coerced, name, { value: query[name], enumerable: true })
    }
    return coerced
  }
}

const shapes = new Map<ShapeClass, ObjectShape>()

function shapeWithin(shaped: ShapeClass): ObjectShape {
  const known = shapes.get(shaped)
  if (known !== undefined) return known
  const made = new ObjectShape(shaped)
  shapes.set(shaped, made)
  for (const { rules } of made.properties.values()) {
    // Nested classes are compiled now, so that a mistake in one stops the start and not a request.
    if (rules.nested !== undefined) shapeWithin(rules.nested)
  }
  return made
}

/** Throws when the class has a decorator that is not known here, so that the mistake stops the start. */
export function validatorOf<T extends object>(shaped: ShapeClass<T>): Validator<T> {
  const shape = shapeWithin(shaped)
  const settled = (value: unknown): T => {
    const findings = new FieldFindings()
    const checked = shape.check(value, '', findings)
    findings.settle()
    return checked as T
  }
  return { body: settled, query: value => settled(shape.coerced(value)) }
}
