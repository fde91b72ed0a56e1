// What every fold means, said once more as simply as it can be said: the model that replays are held against. It shares nothing with them.
import type { JsonObject, JsonValue } from '../../src/contract/event.js'

export type NaiveValue = null | boolean | number | string | NaiveValue[] | Map<string, NaiveValue>

export interface NaiveEvent {
  readonly position: number
  readonly type: string
  readonly stream: string
  readonly data: JsonObject
}

export interface NaiveFold {
  readonly initial: () => NaiveValue
  readonly step: (state: NaiveValue, event: NaiveEvent) => NaiveValue
}

export function naive(value: JsonValue): NaiveValue {
  if (Array.isArray(value)) return value.map(naive)
  if (typeof value !== 'object' || value === null) return value as NaiveValue
  return new Map(Object.entries(value).map(([key, inner]) => [key, naive(inner)]))
}

/** As JSON is written: keys that are indexes first, in the order of their numbers, then the others as they came. */
export function naiveText(value: NaiveValue): string {
  if (Object.is(value, -0)) return '-0'
  if (Array.isArray(value)) return `[${value.map(naiveText).join(',')}]`
  if (!(value instanceof Map)) return JSON.stringify(value)
  const keys = [...value.keys()]
  const isIndex = (key: string) => /^(0|[1-9]\d{0,9})$/.test(key) && Number(key) < 2 ** 32 - 1
  const ordered = [...keys.filter(isIndex).sort((a, b) => Number(a) - Number(b)), ...keys.filter(key => !isIndex(key))]
  return `{${ordered.map(key => `${JSON.stringify(key)}:${naiveText(value.get(key) as NaiveValue)}`).join(',')}}`
}

/** RFC 7396, section 2. */
function merged(target: NaiveValue | undefined, patch: NaiveValue): NaiveValue {
  if (!(patch instanceof Map)) return patch
  const result = target instanceof Map ? target : new Map<string, NaiveValue>()
  for (const [key, value] of patch) {
    if (value === null) result.delete(key)
    else result.set(key, merged(result.get(key), value))
  }
  return result
}

/** The definition the model knows by heart: an upcaster of the type `U`, and a projection. */
export const RENAMED_TYPE = 'U'
export const RENAMED = { steps: [{ from: 1, to: 2, ops: [{ op: 'rename', path: '/a', to: 'renamed' }] }] }
export const SEEN = {
  live: true,
  on: { T: [{ op: 'set', path: '/last', from: 'data' }], '*': [{ op: 'increment', path: '/count' }] },
}

function dataOf({ type, data }: NaiveEvent): Map<string, NaiveValue> {
  const read = naive(data) as Map<string, NaiveValue>
  const value = read.get('a')
  if (type !== RENAMED_TYPE || value === undefined || read.has('renamed')) return read
  read.delete('a')
  return read.set('renamed', value)
}

const stepOn = (change: (state: Map<string, NaiveValue>, event: NaiveEvent) => void): NaiveFold => ({
  initial: () => new Map(),
  step: (state, event) => {
    change(state as Map<string, NaiveValue>, event)
    return state
  },
})

const increment = (map: Map<string, NaiveValue>, key: string) => map.set(key, ((map.get(key) as number) ?? 0) + 1)

export const NAIVE: Readonly<Record<'merge' | 'last' | 'count' | 'collect' | 'set' | 'seen', NaiveFold>> = {
  merge: { initial: () => new Map(), step: (state, event) => merged(state, dataOf(event)) },
  last: { initial: () => null, step: (_state, event) => dataOf(event) },
  count: {
    initial: () => naive({ total: 0, byType: {} }),
    step: (state, { type }) => {
      increment(state as Map<string, NaiveValue>, 'total')
      increment((state as Map<string, NaiveValue>).get('byType') as Map<string, NaiveValue>, type)
      return state
    },
  },
  collect: { initial: () => [], step: (state, event) => [...(state as NaiveValue[]), dataOf(event)] },
  set: stepOn((state, event) => {
    const data = dataOf(event)
    const key = data.get('a')
    if (typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean') state.set(String(key), data)
  }),
  seen: stepOn((state, event) => {
    if (event.type === 'T') state.set('last', dataOf(event))
    increment(state, 'count')
  }),
}

/** `position events state` of what matches, up to a position. */
export function naiveAnswer(
  fold: NaiveFold,
  events: readonly NaiveEvent[],
  { matches, at }: { readonly matches: (event: NaiveEvent) => boolean; readonly at: number },
): string {
  const folded = events.filter(event => event.position <= at && matches(event))
  return `${at} ${folded.length} ${naiveText(folded.reduce(fold.step, fold.initial()))}`
}
