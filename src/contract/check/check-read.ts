// Checks untrusted reads: a read request, and the keys of single look-ups.

import { invalid } from '../errors.js'
import type { Position } from '../event.js'
import type { ReadRequest, StreamsRequest } from '../event-store.js'
import { FILTER_FIELD_LIST, globCharsOf } from '../filter.js'
import { LIMITS } from '../limits.js'
import { timeFault } from '../rfc3339.js'
import { positionFault, referenceFault, streamGlobFault } from './check-names.js'
import { checkUnknownFields, type FaultOf, isObject, listFault } from './field-checks.js'
import { FieldFindings } from './field-findings.js'

const VALUES: Readonly<Record<string, FaultOf>> = {
  after: positionFault,
  before: positionFault,
  since: momentFault,
  until: momentFault,
  order: value => (value === 'asc' || value === 'desc' ? undefined : 'must be "asc" or "desc"'),
  limit: limitFault,
  onDamaged: value => (typeof value === 'function' ? undefined : 'must be a function'),
}
const KNOWN_FIELDS = new Set([...FILTER_FIELD_LIST.map(({ name }) => name), 'causes', 'within'])
const STREAMS_FIELDS = new Set(['streams', 'within', 'after', 'limit'])
const READ_FIELDS = new Set(['filter', ...Object.keys(VALUES)])

function momentFault(value: unknown): string | undefined {
  return typeof value === 'bigint' ? undefined : timeFault(value)
}

function limitFault(value: unknown): string | undefined {
  const fits = Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= LIMITS.readLimitMax
  return fits ? undefined : `must be an integer from 1 to ${LIMITS.readLimitMax}`
}

/** Checks the fields that are present, each by its rule. */
function checkValues(
  object: Record<string, unknown>,
  rules: Readonly<Record<string, FaultOf>>,
  pointer: string,
  findings: FieldFindings,
): void {
  for (const name of Object.keys(rules)) {
    const value = object[name]
    const fault = value === undefined ? undefined : rules[name]?.(value)
    if (fault !== undefined) findings.add('INVALID_REQUEST', `${pointer}/${name}`, fault)
  }
}

function checkList(
  list: unknown,
  faultOf: FaultOf,
  pointer: string,
  findings: FieldFindings,
  most: number = LIMITS.filterValues,
): void {
  const fault = listFault(list, most)
  if (fault !== undefined) {
    findings.add('INVALID_REQUEST', pointer, fault)
    return
  }
  for (const [i, value] of (list as readonly unknown[]).entries()) {
    const valueFault = faultOf(value)
    if (valueFault !== undefined) findings.add('INVALID_REQUEST', `${pointer}/${i}`, valueFault)
  }
}

/** `pointer` is where the filter is in the request. */
export function checkFilter(filter: unknown, pointer: string, findings: FieldFindings): void {
  if (!isObject(filter)) {
    findings.add('INVALID_REQUEST', pointer, 'must be an object')
    return
  }
  checkUnknownFields(filter, KNOWN_FIELDS, pointer, 'INVALID_REQUEST', findings)
  for (const { name, isText, fault } of FILTER_FIELD_LIST) {
    const value = filter[name]
    if (isText === true && !Array.isArray(value)) checkValues(filter, { [name]: fault }, pointer, findings)
    else if (value !== undefined) checkList(value, fault, `${pointer}/${name}`, findings)
  }
  if (filter['causes'] !== undefined) checkList(filter['causes'], referenceFault, `${pointer}/causes`, findings)
  checkWithin(filter['within'], pointer, findings)
  checkGlobs(filter, pointer, findings)
}

/**
 * Names the list with which the total becomes too large. After an earlier finding the lists may hold no texts, so
 * nothing is counted.
 */
function checkGlobs(filter: Record<string, unknown>, pointer: string, findings: FieldFindings): void {
  if (findings.any) return
  const streams = filter['streams'] as readonly string[] | undefined
  const types = filter['types'] as readonly string[] | undefined
  const most = LIMITS.filterGlobChars
  if (globCharsOf(streams, types) <= most) return
  const field = globCharsOf(streams) > most ? 'streams' : 'types'
  const detail = `must have at most ${most} characters in all patterns with * of the filter together`
  findings.add('INVALID_REQUEST', `${pointer}/${field}`, detail)
}

/** Longer than other lists, because a token may name more patterns than a reader may ask for. */
function checkWithin(within: unknown, pointer: string, findings: FieldFindings): void {
  if (within !== undefined)
    checkList(within, streamGlobFault, `${pointer}/within`, findings, LIMITS.patternsPerPermission)
}

/** Throws one StoreError that lists all that is wrong with the request, up to twenty findings. */
export function checkStreams(request: unknown): asserts request is StreamsRequest {
  const findings = new FieldFindings()
  if (isObject(request)) {
    checkUnknownFields(request, STREAMS_FIELDS, '', 'INVALID_REQUEST', findings)
    if (request['streams'] !== undefined) checkList(request['streams'], streamGlobFault, '/streams', findings)
    checkWithin(request['within'], '', findings)
    checkGlobs(request, '', findings)
    const after: FaultOf = value => (typeof value === 'string' ? undefined : 'must be a string')
    checkValues(request, { after, limit: limitFault }, '', findings)
  } else {
    findings.add('INVALID_REQUEST', '', 'must be an object')
  }
  findings.settle()
}

/** Throws one StoreError that lists all that is wrong with the request, up to twenty findings. */
export function checkRead(request: unknown): asserts request is ReadRequest {
  const findings = new FieldFindings()
  if (isObject(request)) {
    checkUnknownFields(request, READ_FIELDS, '', 'INVALID_REQUEST', findings)
    if (request['filter'] !== undefined) checkFilter(request['filter'], '/filter', findings)
    checkValues(request, VALUES, '', findings)
  } else {
    findings.add('INVALID_REQUEST', '', 'must be an object')
  }
  findings.settle()
}

/** Any text is accepted: text that is no id names no event, which is an answer and not a mistake. */
export function checkFindKey(key: unknown): asserts key is Position | string {
  if (typeof key !== 'string' && positionFault(key) !== undefined)
    throw invalid('', 'must be a position or an event id')
}

/** Any text is accepted: a name that no stream can have names no stream. */
export function checkStreamName(name: unknown): asserts name is string {
  if (typeof name !== 'string') throw invalid('', 'must be the name of a stream')
}

export function checkPosition(position: unknown): asserts position is Position {
  if (positionFault(position) !== undefined) throw invalid('', 'must be a position, an integer of at least 0')
}
