// Projections and upcasters beside the simplest ones there could be: lists of pairs that are written anew at every step.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { plainEvent } from '../../test/support/plain-event.js'
import type { JsonObject, JsonValue, RecordedEvent } from '../contract/event.js'
import { Upcaster, Upcasters, type UpcastOperation } from '../upcasting/upcaster.js'
import { Fold } from './fold.js'
import type { ProjectionDefinition, ProjectionOperation } from './projection.js'
import { projectionReducer } from './projection-reducer.js'

type Pair = readonly [key: string, value: Tree]
type Tree = { readonly plain: JsonValue } | { readonly list: readonly Tree[] } | { readonly pairs: readonly Pair[] }
type Maybe = Tree | undefined

const treeOf = (value: JsonValue): Tree => {
  if (Array.isArray(value)) return { list: value.map(treeOf) }
  if (typeof value !== 'object' || value === null) return { plain: value }
  return { pairs: Object.entries(value).map(([key, item]) => [key, treeOf(item as JsonValue)] as const) }
}
const textOf = (tree: Tree): string => {
  if ('plain' in tree) return JSON.stringify(tree.plain)
  if ('list' in tree) return `[${tree.list.map(textOf)}]`
  return `{${tree.pairs.map(([key, value]) => `${JSON.stringify(key)}:${textOf(value)}`)}}`
}
/** Objects put keys that look like indexes first. */
const normal = (text: string) => JSON.stringify(JSON.parse(text))
const under = (tree: Maybe, key: string): Maybe =>
  tree !== undefined && 'pairs' in tree ? tree.pairs.find(([name]) => name === key)?.[1] : undefined
const put = (tree: Tree, key: string, value: Maybe): Tree => {
  const pairs = 'pairs' in tree ? tree.pairs : []
  const others = pairs.filter(([name]) => name !== key)
  if (value === undefined) return { pairs: others }
  if (others.length === pairs.length) return { pairs: [...pairs, [key, value]] }
  return { pairs: pairs.map(pair => (pair[0] === key ? ([key, value] as const) : pair)) }
}
const keysOf = (pointer: string) =>
  pointer
    .split('/')
    .slice(1)
    .map(key => key.replaceAll('~1', '/').replaceAll('~0', '~'))
const at = (tree: Maybe, keys: readonly string[]) => keys.reduce<Maybe>(under, tree)
const changed = (tree: Maybe, [key, ...rest]: readonly string[], change: (there: Maybe) => Maybe): Maybe => {
  if (key === undefined) return change(tree)
  if (tree !== undefined && !('pairs' in tree)) return tree
  const below = changed(under(tree, key), rest, change)
  if (below === undefined && under(tree, key) === undefined) return tree
  return put(tree ?? { pairs: [] }, key, below)
}
const merged = (there: Maybe, patch: Tree): Tree => {
  if (!('pairs' in patch)) return patch
  return patch.pairs.reduce<Tree>(
    (sum, [key, value]) =>
      put(sum, key, 'plain' in value && value.plain === null ? undefined : merged(under(sum, key), value)),
    there !== undefined && 'pairs' in there ? there : { pairs: [] },
  )
}

const valueAt = (event: RecordedEvent, path: string): Maybe => {
  const [field, ...keys] = path.startsWith('/') ? keysOf(path) : path.split('.')
  const value = (event as unknown as Record<string, JsonValue | undefined>)[field as string]
  return keys.reduce<Maybe>(
    (there, key) =>
      there !== undefined && 'list' in there && /^(0|[1-9]\d*)$/.test(key)
        ? there.list[Number(key)]
        : under(there, key),
    value === undefined ? undefined : treeOf(value),
  )
}

const done = (there: Maybe, op: string, given: Tree): Maybe => {
  if (op === 'set') return given
  if (op === 'merge') return merged(there, given)
  if (op === 'append') {
    if (there === undefined) return { list: [given] }
    return 'list' in there ? { list: [...there.list, given] } : there
  }
  const [before, by] = [there ?? { plain: 0 }, given]
  if (!('plain' in before && 'plain' in by)) return there
  if (typeof before.plain !== 'number' || typeof by.plain !== 'number') return there
  const sum = before.plain + by.plain
  return sum > 2 ** 53 - 1 || sum < 1 - 2 ** 53 ? there : { plain: sum }
}

const operated = (state: Maybe, operation: ProjectionOperation, event: RecordedEvent): Maybe => {
  const keys = keysOf(operation.path)
  if (operation.op === 'remove') return changed(state, keys, () => undefined)
  const { from, value, by = 1 } = operation as { from?: string; value?: JsonValue; by?: number }
  const literal = operation.op === 'increment' ? by : (value as JsonValue)
  const given = from === undefined ? treeOf(literal) : valueAt(event, from)
  return given === undefined ? state : changed(state, keys, there => done(there, operation.op, given))
}

const naive = ({ key, initial = {}, on }: ProjectionDefinition, events: readonly RecordedEvent[]): string => {
  const begin = treeOf(initial)
  const next = (before: Maybe, event: RecordedEvent, operations: readonly ProjectionOperation[]) =>
    operations.reduce<Maybe>((state, operation) => operated(state ?? begin, operation, event), before)
  let whole: Tree = key === undefined ? begin : { pairs: [] }
  for (const event of events) {
    const matching = Object.entries(on).filter(([glob]) => RegExp(`^${glob.replaceAll('*', '.*')}$`).test(event.type))
    const operations = matching.flatMap(([, theirs]) => theirs)
    if (key === undefined) {
      whole = next(whole, event, operations) ?? begin
      continue
    }
    const found = valueAt(event, key)
    if (operations.length === 0 || found === undefined || !('plain' in found) || found.plain === null) continue
    const name = typeof found.plain === 'string' ? found.plain : JSON.stringify(found.plain)
    whole = put(whole, name, next(under(whole, name), event, operations))
  }
  return textOf(whole)
}

const naiveChange = (data: Tree, operation: UpcastOperation): Tree => {
  switch (operation.op) {
    case 'remove':
      return changed(data, keysOf(operation.path), () => undefined) as Tree
    case 'default':
      return changed(data, keysOf(operation.path), there => there ?? treeOf(operation.value)) as Tree
    case 'rename':
    case 'move': {
      const from = keysOf(operation.op === 'move' ? operation.from : operation.path)
      const to = operation.op === 'move' ? keysOf(operation.to) : [...from.slice(0, -1), operation.to]
      const value = at(data, from)
      if (value === undefined || at(data, to) !== undefined) return data
      // In the way stands what is no map.
      const way = to.slice(0, -1).map((_, i) => at(data, to.slice(0, i + 1)))
      if (way.some(there => there !== undefined && !('pairs' in there))) return data
      const moved = changed(data, to, () => value)
      return changed(moved, from, () => undefined) as Tree
    }
  }
}

const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', '1', '0', '', 'x/~')
const pointer = fc
  .array(key, { maxLength: 3 })
  .map(keys => keys.map(part => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''))
const value: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(0, 1, -2.5, 2 ** 53 - 1, null, true, 'text'),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map(pairs => {
      return JSON.parse(`{${pairs.map(([name, item]) => `${JSON.stringify(name)}:${JSON.stringify(item)}`)}}`)
    }),
  ),
})).value
const data = fc.array(fc.tuple(key, value), { maxLength: 5 }).map((pairs): JsonObject => {
  return JSON.parse(`{${pairs.map(([name, item]) => `${JSON.stringify(name)}:${JSON.stringify(item)}`)}}`)
})
const from = fc.constantFrom(
  'data',
  'data.a',
  'data.b.1',
  '/data/c/__proto__',
  '/data//x~1~0',
  'type',
  'tags',
  'data.c.1',
)
const operation = fc.oneof(
  fc.record({ op: fc.constantFrom('set', 'merge', 'append'), path: pointer, value }),
  fc.record({ op: fc.constantFrom('set', 'merge', 'append', 'increment'), path: pointer, from }),
  fc.record({ op: fc.constant('increment'), path: pointer, by: fc.constantFrom(1, -1, 0.5, 2 ** 53 - 1) }),
  fc.record({ op: fc.constant('remove'), path: pointer }),
) as fc.Arbitrary<ProjectionOperation>
const definition = fc.record(
  {
    on: fc.dictionary(fc.constantFrom('A', 'B', '*', 'A*', '*B'), fc.array(operation, { minLength: 1, maxLength: 4 })),
    key: fc.constantFrom('data.a', '/data/b', 'type', 'position', 'tags', '/data/c/1'),
    initial: value,
  },
  { requiredKeys: ['on'] },
) as fc.Arbitrary<ProjectionDefinition>

test('a projection makes of any history what the simplest one makes', () => {
  const history = fc.array(fc.tuple(fc.constantFrom('A', 'B', 'AB', 'C'), data), { maxLength: 12 })
  fc.assert(
    fc.property(definition, history, (asked, all) => {
      const events = all.map(([type, given], i) => plainEvent(given, { type, position: i + 1, tags: [type, 't'] }))
      const fold = new Fold(projectionReducer(asked))
      for (const event of events) fold.apply(event)
      expect(JSON.stringify(fold.folded.state)).toBe(normal(naive(asked, events)))
    }),
    { numRuns: 2_000 },
  )
})

test('a chain of upcasters makes of any data what the simplest one makes', () => {
  const place = pointer.filter(path => path !== '')
  const apart = (a: string, b: string) => !`${a}/`.startsWith(`${b}/`) && !`${b}/`.startsWith(`${a}/`)
  const change = fc.oneof(
    fc.record({ op: fc.constant('rename'), path: place, to: key }),
    fc.record({ op: fc.constant('move'), from: place, to: place }).filter(({ from: a, to: b }) => apart(a, b)),
    fc.record({ op: fc.constant('default'), path: place, value }),
    fc.record({ op: fc.constant('remove'), path: place }),
  ) as fc.Arbitrary<UpcastOperation>
  const step = fc.record({ ops: fc.array(change, { minLength: 1, maxLength: 3 }), by: fc.integer({ min: 1, max: 3 }) })
  const chain = fc.record({
    first: fc.integer({ min: 1, max: 3 }),
    steps: fc.array(step, { minLength: 1, maxLength: 5 }),
  })
  fc.assert(
    fc.property(chain, fc.integer({ min: 1, max: 20 }), data, ({ first, steps }, schemaVersion, given) => {
      let reached = first
      const whole = steps.map(({ ops, by }) => {
        const begun = reached
        reached += by
        return { from: begun, to: reached, ops }
      })
      const event = plainEvent(given, { schemaVersion })
      const upcast = new Upcasters([new Upcaster('task.opened', 1, { steps: whole })]).latest(event)
      let [version, tree] = [schemaVersion, treeOf(given)]
      for (let next = whole.find(one => one.from === version); next; next = whole.find(one => one.from === version)) {
        tree = next.ops.reduce(naiveChange, tree)
        version = next.to
      }
      expect([upcast.schemaVersion, JSON.stringify(upcast.data)]).toEqual([version, normal(textOf(tree))])
    }),
    { numRuns: 2_000 },
  )
})
