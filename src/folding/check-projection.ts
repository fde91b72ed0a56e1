// Checks the definition of a projection and reports all its faults at once. Pure.
import { typeGlobFault } from '../contract/check/check-names.js'
import { checkFilter } from '../contract/check/check-read.js'
import { isObject, mustBe } from '../contract/check/field-checks.js'
import { FieldFindings, pointerSegment } from '../contract/check/field-findings.js'
import { readPath } from '../contract/check/field-path.js'
import { DefinitionCheck } from '../definitions/check-definition.js'
import { DEFINITION_LIMITS, PROJECTION_NAME } from '../definitions/definition-limits.js'
import type { ProjectionDefinition } from './projection.js'

const PUTTING = new Set(['op', 'path', 'value', 'from'])
const OPERATION_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  set: PUTTING,
  merge: PUTTING,
  append: PUTTING,
  increment: new Set(['op', 'path', 'by', 'from']),
  remove: new Set(['op', 'path']),
}
const ANY_FIELDS = new Set(['op', 'path', 'value', 'from', 'by'])
export const PROJECTION_OPERATIONS: readonly string[] = Object.keys(OPERATION_FIELDS)

/** A definition whose field names have been checked, while its values may still be anything. */
export type AskedProjection = { readonly [Name in keyof ProjectionDefinition]?: unknown }

/** Throws one StoreError that lists all findings, up to twenty, so that a caller can correct them in one go. */
export function checkProjection(name: string, asked: AskedProjection): ProjectionDefinition {
  const findings = new FieldFindings()
  const check = new DefinitionCheck(findings)
  const { filter, key, initial, on, description } = asked
  if (!PROJECTION_NAME.test(name)) check.fault('', NAME_RULE)
  if (typeof description === 'string' && !description.isWellFormed()) check.fault('/description', HALF)
  if (filter !== undefined) checkFilter(filter, '/filter', findings)
  if (key !== undefined) checkPath(key, '/key', check)
  if (initial !== undefined) check.literal(initial, '/initial')
  checkReactions(on, check)
  if (!findings.any) check.size(asked)
  findings.settle()
  return asked as ProjectionDefinition
}

const NAME_RULE = `the name in the path must be 1 to ${DEFINITION_LIMITS.projectionNameChars} of A-Z a-z 0-9 _ . - and start with a letter or digit`
const HALF = 'must be well-formed Unicode: it holds half a surrogate pair'

function checkReactions(on: unknown, check: DefinitionCheck): void {
  if (!isObject(on) || Object.keys(on).length === 0) {
    check.fault('/on', mustBe('an object of at least one type, or glob on types, with its operations', on))
    return
  }
  for (const [glob, operations] of Object.entries(on)) {
    if (check.findings.full) return
    const pointer = `/on${pointerSegment(glob)}`
    check.fault(pointer, typeGlobFault(glob))
    for (const [operation, at] of check.operationsOf(operations, pointer)) checkOperation(operation, at, check)
  }
}

function checkOperation(given: unknown, pointer: string, check: DefinitionCheck): void {
  const kind = (given as { op?: unknown } | null)?.op
  const fields = typeof kind === 'string' && Object.hasOwn(OPERATION_FIELDS, kind) ? OPERATION_FIELDS[kind] : undefined
  const operation = check.object(given, fields ?? ANY_FIELDS, pointer)
  if (operation === undefined) return
  check.place(operation['path'], `${pointer}/path`, true)
  if (fields === undefined)
    check.fault(`${pointer}/op`, mustBe('"set", "merge", "append", "increment" or "remove"', kind))
  else if (fields === PUTTING) checkSource(operation, pointer, check)
  else if (kind === 'increment') checkIncrement(operation, pointer, check)
}

function checkSource(operation: Record<string, unknown>, pointer: string, check: DefinitionCheck): void {
  const hasValue = Object.hasOwn(operation, 'value')
  if (hasValue === Object.hasOwn(operation, 'from')) {
    check.fault(pointer, 'must have either value, a literal, or from, a path of the event')
    return
  }
  if (hasValue) check.literal(operation['value'], `${pointer}/value`)
  else checkPath(operation['from'], `${pointer}/from`, check)
}

function checkIncrement(operation: Record<string, unknown>, pointer: string, check: DefinitionCheck): void {
  const { by, from } = operation
  if (by !== undefined && from !== undefined) check.fault(pointer, 'must not have both by and from')
  const isCountable = typeof by === 'number' && Math.abs(by) <= Number.MAX_SAFE_INTEGER
  if (by !== undefined && !isCountable)
    check.fault(`${pointer}/by`, 'must be a number between -(2^53 - 1) and 2^53 - 1')
  if (from !== undefined) checkPath(from, `${pointer}/from`, check)
}

function checkPath(path: unknown, pointer: string, check: DefinitionCheck): void {
  const read = readPath(path)
  if ('fault' in read) check.fault(pointer, read.fault)
  else if (read.path.keys.some(key => !key.isWellFormed())) check.fault(pointer, HALF)
}
