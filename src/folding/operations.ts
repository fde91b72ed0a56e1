// The operations of a projection as functions of state and event, which skip what they cannot do. Pure.

import { FIELDS, type FieldPath, readPath, valueAt } from '../contract/check/field-path.js'
import type { JsonValue, RecordedEvent } from '../contract/event.js'
import { alter, copyOf, type JsonPath, parseJsonPointer } from '../definitions/json-path.js'
import { mergePatch } from '../definitions/merge-patch.js'
import type { ProjectionOperation } from './projection.js'

export interface Operation {
  /** May change the state in place and answer it. Answers undefined when the whole state is removed. */
  readonly apply: (state: JsonValue, event: RecordedEvent) => JsonValue | undefined
  /** The most bytes, as JSON, that it can add to a state beside a copy of the payload. */
  readonly bytes: number
  /** Whether it can also add a copy of the event's payload. */
  readonly copiesPayload: boolean
}

/** An escape takes six bytes for a character; `AROUND_BYTES` covers quotes, commas and brackets. */
const BYTES_OF_CHAR = 6
const AROUND_BYTES = 64
/** The most bytes, as JSON, of an event's field that is a text or a number, and of one that is a list of texts. */
const FIELD_BYTES = 2 * 1024
const LIST_BYTES = 64 * 1024

export function operationOf(asked: ProjectionOperation): Operation {
  const place = placeOf(asked.path)
  const around = BYTES_OF_CHAR * asked.path.length + AROUND_BYTES
  if (asked.op === 'remove') {
    return { apply: state => alter(state, place, () => undefined), bytes: around, copiesPayload: false }
  }
  const source = sourceOf(asked)
  return { apply: applied(asked.op, place, source.of), bytes: around + source.bytes, copiesPayload: source.isPayload }
}

type ValueOf = (event: RecordedEvent) => JsonValue | undefined

function applied(op: 'set' | 'merge' | 'append' | 'increment', place: JsonPath, valueIn: ValueOf): Operation['apply'] {
  const change = CHANGES[op]
  return (state, event) => {
    const value = valueIn(event)
    return value === undefined ? state : alter(state, place, there => change(there, value))
  }
}

/**
 * Values are copied into the state, so that changing the state later never changes the event. A sum beyond
 * ±(2^53 - 1) is not made, because from there on counting would go wrong in silence.
 */
const CHANGES = {
  set: (_there: JsonValue | undefined, value: JsonValue) => copyOf(value),
  merge: (there: JsonValue | undefined, value: JsonValue) => mergePatch(there, copyOf(value)),
  append: (there: JsonValue | undefined, value: JsonValue) => {
    if (there === undefined) return [copyOf(value)]
    if (Array.isArray(there)) there.push(copyOf(value))
    return there
  },
  increment: (there: JsonValue | undefined, by: JsonValue) => {
    if (typeof by !== 'number') return there
    if (there !== undefined && typeof there !== 'number') return there
    const sum = (there ?? 0) + by
    return Math.abs(sum) <= Number.MAX_SAFE_INTEGER ? sum : there
  },
} as const

interface SourceOf {
  readonly of: ValueOf
  readonly bytes: number
  readonly isPayload: boolean
}

function sourceOf(asked: Exclude<ProjectionOperation, { readonly op: 'remove' }>): SourceOf {
  if ('from' in asked && asked.from !== undefined) return fromEvent(fieldPathOf(asked.from))
  const value = asked.op === 'increment' ? (asked.by ?? 1) : (asked as { readonly value: JsonValue }).value
  return { of: () => value, bytes: Buffer.byteLength(JSON.stringify(value)), isPayload: false }
}

function fromEvent(path: FieldPath): SourceOf {
  const of = (event: RecordedEvent) => valueAt(event, path) as JsonValue | undefined
  const kind = FIELDS[path.field]
  if (kind === 'payload') return { of, bytes: 0, isPayload: true }
  return { of, bytes: kind === 'list' ? LIST_BYTES : FIELD_BYTES, isPayload: false }
}

function placeOf(pointer: string): JsonPath {
  const read = parseJsonPointer(pointer)
  if ('fault' in read) throw new TypeError(`${pointer} ${read.fault}`)
  return read.place
}

export function fieldPathOf(text: string): FieldPath {
  const read = readPath(text)
  if ('fault' in read) throw new TypeError(`${text} ${read.fault}`)
  return read.path
}
