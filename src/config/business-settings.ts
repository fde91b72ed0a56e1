// The rules by which events are counted for what they say: LIGHTHOUSE_BUSINESS_METRICS. Pure.

import { isObject } from '../contract/check/field-checks.js'
import { type FieldPath, readPath } from '../contract/check/field-path.js'
import { BadValue, fromJson } from './parse-values.js'

export interface BusinessRule {
  /** The name it is counted under; several rules may count under one. */
  readonly metric: string
  readonly types: readonly string[]
  /** Where an event says what came of it. */
  readonly outcome: FieldPath
}

const MOST_RULES = 50
const MOST_TYPES = 100
const LONGEST_TYPE = 256

/** YAML gives a list, a variable gives it as JSON. */
export function parseBusinessMetrics(raw: unknown): readonly BusinessRule[] {
  const given = typeof raw === 'string' ? fromJson(raw) : raw
  if (!Array.isArray(given) || given.length > MOST_RULES) throw wrong(`it is no list of at most ${MOST_RULES}`)
  return given.map(ruleOf)
}

function ruleOf(rule: unknown, at: number): BusinessRule {
  const of = `rule ${at + 1}`
  if (!isObject(rule)) throw wrong(`${of} is no map`)
  const { metric, types, outcome = 'type', ...more } = rule
  const [unknown] = Object.keys(more)
  if (unknown !== undefined) throw wrong(`${of} has a field ${unknown}`)
  if (typeof metric !== 'string' || !/^[a-z][a-z0-9_]{0,63}$/.test(metric))
    throw wrong(`metric of ${of} is no word of small letters, digits and underscores`)
  const isType = (type: unknown) => typeof type === 'string' && type !== '' && type.length <= LONGEST_TYPE
  if (!Array.isArray(types) || types.length === 0 || types.length > MOST_TYPES || !types.every(isType))
    throw wrong(`types of ${of} is no list of 1 to ${MOST_TYPES} types of events`)
  const read = readPath(outcome)
  if ('fault' in read) throw wrong(`outcome of ${of} ${read.fault}`)
  // Whatever else an event has is the name of somebody or something, and has as many values as there are events.
  if (read.path.field !== 'type' && (read.path.field !== 'data' || read.path.keys.length === 0))
    throw wrong(`outcome of ${of} must be type or lie in data, such as data.decision`)
  return { metric, types: [...new Set(types as string[])], outcome: read.path }
}

function wrong(rest: string): BadValue {
  return new BadValue(`must be rules with metric, types and outcome: ${rest}`)
}
