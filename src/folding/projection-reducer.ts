// Makes a reducer of a projection, with one state or one for each key; equal events give equal bytes. Pure.

import { type FieldPath, valueAt } from '../contract/check/field-path.js'
import { StoreError } from '../contract/errors.js'
import type { JsonValue, RecordedEvent } from '../contract/event.js'
import { compileGlob, type TextTest } from '../contract/glob.js'
import { setOwn } from '../contract/own-key.js'
import { DEFINITION_LIMITS } from '../definitions/definition-limits.js'
import { copyOf } from '../definitions/json-path.js'
import { isMap, type Mutable, ownValue } from '../definitions/merge-patch.js'
import { fieldPathOf, type Operation, operationOf } from './operations.js'
import type { ProjectionDefinition } from './projection.js'
import type { Reducer } from './reducers.js'

/** For how many types the reaction is remembered; bounded, because agents may invent new types without end. */
const TYPES_KNOWN = 1_000
const KEY_BYTES = 1024

/** The operations for events of one type, and what bounds the bytes they can add. */
interface Reaction {
  readonly operations: readonly Operation[]
  readonly bytes: number
  readonly copies: number
}

export function projectionReducer({ key, initial = {}, on }: ProjectionDefinition): Reducer {
  const reactions = new Reactions(on, initial)
  const begin = () => copyOf(initial)
  const growth = (event: RecordedEvent) => {
    const { bytes, copies } = reactions.to(event.type)
    return bytes + 6 * (copies + 1) * event.packedBytes() + KEY_BYTES
  }
  const next = (state: JsonValue | undefined, event: RecordedEvent, { operations }: Reaction) => {
    let at = state
    for (const { apply } of operations) at = apply(at === undefined ? begin() : at, event)
    return at
  }
  if (key === undefined) {
    const apply = (state: JsonValue, event: RecordedEvent) => {
      const after = next(state, event, reactions.to(event.type))
      return after === undefined ? begin() : after
    }
    return { initial: begin, apply, growth }
  }
  return { initial: () => ({}), apply: byKey(fieldPathOf(key), reactions, next), growth }
}

/** Answers the key of the state an event is for, '' for a projection without keys, undefined when it is for none. */
export function stateTouched({ key, on }: ProjectionDefinition): (event: RecordedEvent) => string | undefined {
  const reactions = new Reactions(on, null)
  const path = key === undefined ? undefined : fieldPathOf(key)
  return event => {
    if (reactions.to(event.type).operations.length === 0) return undefined
    return path === undefined ? '' : keyText(valueAt(event, path))
  }
}

/** Whether a state from a request can be one of this projection. */
export function fitsProjection({ key }: ProjectionDefinition, state: JsonValue): boolean {
  return key === undefined || (isMap(state) && Object.keys(state).length <= DEFINITION_LIMITS.keys)
}

function byKey(
  path: FieldPath,
  reactions: Reactions,
  next: (state: JsonValue | undefined, event: RecordedEvent, reaction: Reaction) => JsonValue | undefined,
): Reducer['apply'] {
  // Counting takes time in proportion to the keys, so each state is counted once and then by its changes.
  const counts = new WeakMap<object, number>()
  return (state, event) => {
    const reaction = reactions.to(event.type)
    const key = keyText(valueAt(event, path))
    if (key === undefined || reaction.operations.length === 0) return state
    const states = state as Mutable
    const before = ownValue(states, key)
    const after = next(before, event, reaction)
    if (after !== undefined) setOwn(states, key, after)
    else if (before !== undefined) delete states[key]
    const change = Number(after !== undefined) - Number(before !== undefined)
    if (change !== 0 || !counts.has(states)) count(counts, states, change)
    return states
  }
}

function count(counts: WeakMap<object, number>, states: Mutable, change: number): void {
  const known = counts.get(states)
  const keys = known === undefined ? Object.keys(states).length : known + change
  counts.set(states, keys)
  if (keys <= DEFINITION_LIMITS.keys) return
  throw new StoreError('STATE_TOO_LARGE', `The projection has more than ${DEFINITION_LIMITS.keys} keys`)
}

export function keyText(value: unknown): string | undefined {
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return isPlain ? String(value) : undefined
}

class Reactions {
  private readonly globs: readonly (readonly [matches: TextTest, operations: readonly Operation[]])[]
  private readonly known = new Map<string, Reaction>()
  private readonly initialBytes: number

  constructor(on: ProjectionDefinition['on'], initial: JsonValue) {
    this.globs = Object.entries(on).map(
      ([glob, operations]) => [compileGlob(glob), operations.map(operationOf)] as const,
    )
    this.initialBytes = Buffer.byteLength(JSON.stringify(initial))
  }

  to(type: string): Reaction {
    const known = this.known.get(type)
    if (known !== undefined) return known
    const operations = this.globs.flatMap(([matches, theirs]) => (matches(type) ? theirs : []))
    const made = {
      operations,
      bytes: operations.reduce((sum, { bytes }) => sum + bytes, this.initialBytes),
      copies: operations.filter(({ copiesPayload }) => copiesPayload).length,
    }
    if (this.known.size >= TYPES_KNOWN) this.known.clear()
    this.known.set(type, made)
    return made
  }
}
