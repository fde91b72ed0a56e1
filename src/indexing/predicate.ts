// Compiles the conditions of a query into one function that decides whether an event meets them.

import { FIELDS, valueAt } from '../contract/check/field-path.js'
import type { RecordedEvent } from '../contract/event.js'
import { compareIds, type IdParts, parseId } from '../contract/event-id.js'
import { compileStreams } from '../contract/filter.js'
import { compileGlob, type TextTest } from '../contract/glob.js'
import { parseTime } from '../contract/rfc3339.js'
import { QUERY_LIMITS } from './query-limits.js'
import type { Comparison, Leaf, Scalar, WhereCondition } from './where.js'

export type Predicate = (event: RecordedEvent) => boolean
type Test = (found: unknown) => boolean

/** The recursion is bounded, because `readWhere` limits the depth. */
export function predicateOf(condition: WhereCondition): Predicate {
  if (condition.kind === 'leaf') return predicateOfLeaf(condition)
  const parts = condition.parts.map(predicateOf)
  if (condition.kind === 'and') return event => parts.every(part => part(event))
  if (condition.kind === 'or') return event => parts.some(part => part(event))
  const [part] = parts as [Predicate]
  return event => !part(event)
}

function predicateOfLeaf(leaf: Leaf): Predicate {
  const { path, op, value } = leaf
  if (op === 'exists') return event => (valueAt(event, path) !== undefined) === value
  // An absent field equals nothing, so `ne` and `nin` hold for it.
  const negated = op === 'ne' || op === 'nin'
  const test = testOf(leaf)
  return event => holds(test, valueAt(event, path)) !== negated
}

/** A list meets a condition when one of its items does. */
function holds(test: Test, found: unknown): boolean {
  if (found === undefined) return false
  if (!Array.isArray(found)) return test(found)
  return found.length <= QUERY_LIMITS.listItems && found.some(test)
}

function testOf({ path: { field }, op, value }: Leaf): Test {
  if (op === 'like')
    return likeTest(field === 'stream' ? compileStreams([value as string]) : compileGlob(value as string))
  const kind = FIELDS[field]
  const values = (Array.isArray(value) ? value : [value]) as readonly Scalar[]
  if (kind === 'time')
    return instantTest(
      op,
      values.map(text => parseTime(text as string)),
    )
  if (kind === 'id' && values.length === 1 && isOrdered(op)) return idTest(op, parseId(values[0] as string) as IdParts)
  if (!isOrdered(op)) return oneOf(values)
  const [bound] = values as [string | number]
  return found => typeof found === typeof bound && inOrder(op, compare(found as string | number, bound))
}

function oneOf(values: readonly Scalar[]): Test {
  const [only] = values
  if (values.length === 1) return found => found === only
  const set: ReadonlySet<unknown> = new Set(values)
  return found => set.has(found)
}

function likeTest(matches: TextTest): Test {
  return found => typeof found === 'string' && found.length <= QUERY_LIMITS.likeTextChars && matches(found)
}

function instantTest(op: Comparison, instants: readonly bigint[]): Test {
  const [bound] = instants as [bigint]
  if (isOrdered(op)) return found => inOrder(op, compare(parseTime(found as string), bound))
  return found => instants.includes(parseTime(found as string))
}

function idTest(op: Comparison, bound: IdParts): Test {
  return found => inOrder(op, compareIds(parseId(found as string) as IdParts, bound))
}

function isOrdered(op: Comparison): boolean {
  return op === 'gt' || op === 'gte' || op === 'lt' || op === 'lte'
}

function compare<T extends string | number | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function inOrder(op: Comparison, order: number): boolean {
  if (op === 'gt') return order > 0
  if (op === 'gte') return order >= 0
  return op === 'lt' ? order < 0 : order <= 0
}
