// The checks that definitions of upcasters and of projections share: places, literals, operations, sizes. Pure.
import { checkUnknownFields, isObject, mustBe } from '../contract/check/field-checks.js'
import { type FieldFindings, pointerSegment } from '../contract/check/field-findings.js'
import { DEFINITION_LIMITS } from './definition-limits.js'
import { parseJsonPointer } from './json-path.js'

/** Collects the findings of one definition; each names its place by a JSON Pointer into the definition. */
export class DefinitionCheck {
  private operations = 0

  constructor(readonly findings: FieldFindings) {}

  fault(pointer: string, detail: string | undefined): void {
    if (detail !== undefined) this.findings.add('INVALID_REQUEST', pointer, detail)
  }

  /**
   * Answers undefined, with a finding, when the value is no object. Unknown fields are findings, but the object is
   * answered all the same, so that its other fields are checked in the same pass.
   */
  object(value: unknown, fields: ReadonlySet<string>, pointer: string): Record<string, unknown> | undefined {
    if (!isObject(value)) {
      this.fault(pointer, mustBe('an object', value))
      return undefined
    }
    checkUnknownFields(value, fields, pointer, 'INVALID_REQUEST', this.findings)
    return value
  }

  place(value: unknown, pointer: string, mayBeWhole: boolean): void {
    const read = value === undefined ? { fault: 'is required' } : parseJsonPointer(value)
    if ('fault' in read) this.fault(pointer, read.fault)
    else if (!mayBeWhole && read.place.length === 0) this.fault(pointer, 'must not be the whole: name a key in it')
  }

  literal(value: unknown, pointer: string): void {
    this.fault(pointer, literalFault(value, 0))
  }

  /** Yields each operation with its pointer. Yields nothing, with a finding, for no list or one too long. */
  *operationsOf(list: unknown, pointer: string): Generator<readonly [operation: unknown, pointer: string]> {
    if (!Array.isArray(list) || list.length === 0) {
      this.fault(pointer, mustBe('a list of at least one operation', list))
      return
    }
    this.operations += list.length
    const { operations } = DEFINITION_LIMITS
    if (this.operations > operations) {
      this.fault(pointer, `must not bring the operations of the definition beyond ${operations}`)
      return
    }
    for (const [i, operation] of list.entries()) {
      if (this.findings.full) return
      yield [operation, pointer + pointerSegment(i)]
    }
  }

  size(definition: object): void {
    const { definitionBytes } = DEFINITION_LIMITS
    if (definitionBytesOf(definition) > definitionBytes)
      this.fault('', `must be at most ${definitionBytes} bytes as JSON`)
  }
}

export function definitionBytesOf(definition: object): number {
  return Buffer.byteLength(JSON.stringify(definition))
}

function literalFault(value: unknown, depth: number): string | undefined {
  if (value === undefined) return 'is required'
  if (typeof value === 'string') return value.isWellFormed() ? undefined : HALF
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'must be a finite number'
  if (typeof value !== 'object' || value === null) return undefined
  if (depth === DEFINITION_LIMITS.literalDepth) {
    return `must not be nested deeper than ${DEFINITION_LIMITS.literalDepth} levels`
  }
  for (const [key, item] of Object.entries(value)) {
    const fault = key.isWellFormed() ? literalFault(item, depth + 1) : HALF
    if (fault !== undefined) return fault
  }
  return undefined
}

const HALF = 'must be well-formed Unicode: it holds half a surrogate pair'
