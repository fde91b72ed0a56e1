// Checks that every kind of request needs: of objects, of lists, and for unknown fields.
import { type FieldFindings, type FindingCode, pointerSegment } from './field-findings.js'
import { unknownField } from './unknown-field.js'

/** Answers what is wrong with the value, or undefined. */
export type FaultOf = (value: unknown) => string | undefined

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Of a value that is not what it has to be: whether it is missing or another. */
export function mustBe(what: string, value: unknown): string {
  return value === undefined ? 'is required' : `must be ${what}`
}

export function listFault(list: unknown, most: number): string | undefined {
  if (!Array.isArray(list)) return mustBe('an array', list)
  return list.length > most ? `must have at most ${most} items, not ${list.length}` : undefined
}

export function keysFault(most: number): string {
  return `must hold at most ${most} keys`
}

/** An unknown field is a mistake, and ignoring it would hide that. */
export function checkUnknownFields(
  object: object,
  known: ReadonlySet<string>,
  pointer: string,
  code: FindingCode,
  findings: FieldFindings,
): void {
  for (const name of Object.keys(object)) {
    if (findings.full) return
    if (!known.has(name)) findings.add(code, pointer + pointerSegment(name), unknownField(name, known))
  }
}
