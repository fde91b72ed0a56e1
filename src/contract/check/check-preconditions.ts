// Checks what an append may require of the log: expected revisions and a condition.

import { LIMITS } from '../limits.js'
import { expectedRevisionFault, positionFault, streamFault, tagFault, typeFault } from './check-names.js'
import { checkUnknownFields, type FaultOf, isObject, listFault, mustBe } from './field-checks.js'
import type { FieldFindings } from './field-findings.js'

const EXPECTATION_FIELDS = new Set(['stream', 'expectedRevision'])
const CONDITION_FIELDS = new Set(['failIfEventsMatch', 'after'])
const MATCH_FIELDS = new Set(['items'])
const ITEM_FIELDS = new Set(['types', 'tags'])

function add(findings: FieldFindings, pointer: string, fault: string | undefined): void {
  if (fault !== undefined) findings.add('INVALID_REQUEST', pointer, fault)
}

export function checkExpectations(expectations: unknown, findings: FieldFindings): void {
  const fault = listFault(expectations, LIMITS.expectationsPerAppend)
  if (fault !== undefined) {
    add(findings, '/expectations', fault)
    return
  }
  const streams = new Set<unknown>()
  for (const [i, expectation] of (expectations as readonly unknown[]).entries()) {
    if (findings.full) return
    const pointer = `/expectations/${i}`
    if (!isObject(expectation)) {
      add(findings, pointer, 'must be an object')
      continue
    }
    const { stream, expectedRevision } = expectation
    checkUnknownFields(expectation, EXPECTATION_FIELDS, pointer, 'INVALID_REQUEST', findings)
    add(findings, `${pointer}/stream`, streamFault(stream))
    if (streams.has(stream)) add(findings, `${pointer}/stream`, 'must not be named by an expectation before')
    streams.add(stream)
    add(findings, `${pointer}/expectedRevision`, expectedRevisionFault(expectedRevision))
  }
}

export function checkCondition(condition: unknown, findings: FieldFindings): void {
  if (!isObject(condition)) {
    add(findings, '/condition', mustBe('an object', condition))
    return
  }
  const { failIfEventsMatch, after } = condition
  checkUnknownFields(condition, CONDITION_FIELDS, '/condition', 'INVALID_REQUEST', findings)
  if (after !== undefined) add(findings, '/condition/after', positionFault(after))
  const pointer = '/condition/failIfEventsMatch'
  if (!isObject(failIfEventsMatch)) {
    add(findings, pointer, mustBe('an object', failIfEventsMatch))
    return
  }
  const { items } = failIfEventsMatch
  checkUnknownFields(failIfEventsMatch, MATCH_FIELDS, pointer, 'INVALID_REQUEST', findings)
  if (!Array.isArray(items) || items.length === 0 || items.length > LIMITS.conditionItems) {
    add(findings, `${pointer}/items`, mustBe(`an array of 1 to ${LIMITS.conditionItems} items`, items))
    return
  }
  let values = 0
  for (const [i, item] of items.entries()) {
    if (findings.full) return
    values += checkItem(item, `${pointer}/items/${i}`, findings)
  }
  if (values > LIMITS.conditionValues) {
    add(findings, `${pointer}/items`, `must name at most ${LIMITS.conditionValues} types and tags together`)
  }
}

/** Answers how many types and tags the item names. */
function checkItem(item: unknown, pointer: string, findings: FieldFindings): number {
  if (!isObject(item)) {
    add(findings, pointer, 'must be an object')
    return 0
  }
  const { types, tags } = item
  checkUnknownFields(item, ITEM_FIELDS, pointer, 'INVALID_REQUEST', findings)
  const typeCount = types === undefined ? 0 : checkValues(types, `${pointer}/types`, typeFault, findings)
  const tagCount = tags === undefined ? 0 : checkValues(tags, `${pointer}/tags`, tagFault, findings)
  if (typeCount + tagCount === 0) add(findings, pointer, 'must name at least one type or tag')
  return typeCount + tagCount
}

/**
 * Answers how many values were given, right or wrong. A list at fault counts as one, so that its item is not called
 * empty too.
 */
function checkValues(list: unknown, pointer: string, faultOf: FaultOf, findings: FieldFindings): number {
  const fault = listFault(list, LIMITS.conditionValuesPerItem)
  if (fault !== undefined) {
    add(findings, pointer, fault)
    return 1
  }
  const values = list as readonly unknown[]
  for (const [i, value] of values.entries()) {
    if (findings.full) break
    add(findings, `${pointer}/${i}`, faultOf(value))
  }
  return values.length
}
