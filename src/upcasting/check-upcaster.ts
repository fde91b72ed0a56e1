// Checks the definition of an upcaster and reports all its faults at once. Pure.
import { schemaVersionFault, typeFault } from '../contract/check/check-names.js'
import { mustBe } from '../contract/check/field-checks.js'
import { FieldFindings } from '../contract/check/field-findings.js'
import { LIMITS } from '../contract/limits.js'
import { DefinitionCheck } from '../definitions/check-definition.js'
import { DEFINITION_LIMITS } from '../definitions/definition-limits.js'
import type { UpcasterDefinition } from './upcaster.js'

const STEP_FIELDS = new Set(['from', 'to', 'ops'])
const OPERATION_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  rename: new Set(['op', 'path', 'to']),
  move: new Set(['op', 'from', 'to']),
  default: new Set(['op', 'path', 'value']),
  remove: new Set(['op', 'path']),
}
const ANY_FIELDS = new Set(['op', 'path', 'from', 'to', 'value'])
export const UPCASTER_OPERATIONS: readonly string[] = Object.keys(OPERATION_FIELDS)

/** Throws one StoreError that lists all findings, up to twenty, so that a caller can correct them in one go. */
export function checkUpcaster(type: string, asked: { readonly steps?: unknown }): UpcasterDefinition {
  const findings = new FieldFindings()
  const check = new DefinitionCheck(findings)
  const fault = typeFault(type)
  if (fault !== undefined) check.fault('', `the type in the path ${fault}`)
  checkSteps(asked.steps, check)
  if (!findings.any) check.size(asked)
  findings.settle()
  return asked as UpcasterDefinition
}

function checkSteps(steps: unknown, check: DefinitionCheck): void {
  const { stepsPerUpcaster } = DEFINITION_LIMITS
  if (!Array.isArray(steps) || steps.length === 0 || steps.length > stepsPerUpcaster) {
    check.fault('/steps', `must be a list of 1 to ${stepsPerUpcaster} steps`)
    return
  }
  let reached: unknown
  for (const [i, given] of steps.entries()) {
    if (check.findings.full) return
    const pointer = `/steps/${i}`
    const step = check.object(given, STEP_FIELDS, pointer)
    if (step === undefined) continue
    checkVersions(step, reached, pointer, check)
    reached = step['to']
    for (const [operation, at] of check.operationsOf(step['ops'], `${pointer}/ops`)) {
      checkOperation(operation, at, check)
    }
  }
}

function checkVersions(
  { from, to }: Record<string, unknown>,
  reached: unknown,
  pointer: string,
  check: DefinitionCheck,
): void {
  const faults = [schemaVersionFault(from), schemaVersionFault(to)]
  check.fault(`${pointer}/from`, faults[0])
  check.fault(`${pointer}/to`, faults[1])
  if (faults.some(fault => fault !== undefined)) return
  if ((to as number) <= (from as number)) check.fault(`${pointer}/to`, 'must be greater than from')
  if (reached !== undefined && from !== reached) {
    check.fault(`${pointer}/from`, 'must be the version the step before leads to')
  }
}

function checkOperation(given: unknown, pointer: string, check: DefinitionCheck): void {
  const kind = (given as { op?: unknown } | null)?.op
  const fields = typeof kind === 'string' && Object.hasOwn(OPERATION_FIELDS, kind) ? OPERATION_FIELDS[kind] : undefined
  const operation = check.object(given, fields ?? ANY_FIELDS, pointer)
  if (operation === undefined) return
  const { path, from, to, value } = operation
  if (fields === undefined) check.fault(`${pointer}/op`, mustBe('"rename", "move", "default" or "remove"', kind))
  if (kind === 'move') checkMove(from, to, pointer, check)
  else if (fields !== undefined) check.place(path, `${pointer}/path`, false)
  if (kind === 'rename') check.fault(`${pointer}/to`, keyFault(to))
  if (kind === 'default') check.literal(value, `${pointer}/value`)
}

function checkMove(from: unknown, to: unknown, pointer: string, check: DefinitionCheck): void {
  check.place(from, `${pointer}/from`, false)
  check.place(to, `${pointer}/to`, false)
  if (typeof from !== 'string' || typeof to !== 'string') return
  if (`${to}/`.startsWith(`${from}/`) || `${from}/`.startsWith(`${to}/`)) {
    check.fault(`${pointer}/to`, 'must lie neither within from nor around it')
  }
}

function keyFault(to: unknown): string | undefined {
  if (typeof to !== 'string') return mustBe('the new key, a string', to)
  if (to.length > LIMITS.pathChars) return `must have at most ${LIMITS.pathChars} characters`
  return to.isWellFormed() ? undefined : 'must be well-formed Unicode: it holds half a surrogate pair'
}
