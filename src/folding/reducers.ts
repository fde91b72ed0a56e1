// The built-in reducers, each of which makes a state of events in their order and of nothing else. Pure.

import type { FieldPath } from '../contract/check/field-path.js'
import { valueAt } from '../contract/check/field-path.js'
import type { JsonValue, RecordedEvent } from '../contract/event.js'
import { setOwn } from '../contract/own-key.js'
import { isMap, type Mutable, mergePatch, ownValue } from '../definitions/merge-patch.js'

export interface Reducer {
  /** Answers a new state at each call, because the fold changes it. */
  readonly initial: () => JsonValue
  /** May change the given state in place and answer it. */
  readonly apply: (state: JsonValue, event: RecordedEvent) => JsonValue
  /** The most bytes, as JSON, that an event can add; without it the fold assumes those of its data and a key. */
  readonly growth?: (event: RecordedEvent) => number
}

export const REDUCER_NAMES = ['merge', 'last', 'count', 'collect', 'set'] as const
export type ReducerName = (typeof REDUCER_NAMES)[number]

const merge: Reducer = { initial: () => ({}), apply: (state, { data }) => mergePatch(state, data) }

const last: Reducer = { initial: () => null, apply: (_state, { data }) => data }

const count: Reducer = {
  initial: () => ({ total: 0, byType: {} }),
  apply: (state, { type }) => {
    const counted = state as { total: number; byType: Mutable }
    counted.total++
    setOwn(counted.byType, type, ((ownValue(counted.byType, type) ?? 0) as number) + 1)
    return state
  },
}

const collect: Reducer = {
  initial: () => [],
  apply: (state, { data }) => {
    ;(state as JsonValue[]).push(data)
    return state
  },
}

/** Keeps the latest data by the value at a path. An event without a plain value there leaves the state as it was. */
function setBy(path: FieldPath): Reducer {
  return {
    initial: () => ({}),
    apply: (state, event) => {
      const key = valueAt(event, path)
      if (typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean') {
        setOwn(state as Mutable, String(key), event.data)
      }
      return state
    },
  }
}

/** Only `set` uses `key`; it throws a TypeError without one. */
export function reducerOf(name: ReducerName, key?: FieldPath): Reducer {
  if (name === 'set') {
    if (key === undefined) throw new TypeError('the reducer set needs a key')
    return setBy(key)
  }
  return { merge, last, count, collect }[name]
}

/** Whether a state from a request can be one of this reducer. */
export function fits(name: ReducerName, state: JsonValue): boolean {
  if (name === 'collect') return Array.isArray(state)
  if (name === 'count') {
    const byType = isMap(state) && typeof state['total'] === 'number' ? state['byType'] : undefined
    return isMap(byType) && Object.values(byType).every(found => typeof found === 'number')
  }
  if (name === 'set') return isMap(state)
  return true
}
