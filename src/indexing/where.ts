// The grammar of `where`, short and long: reads an untrusted tree into conditions, and reports its faults together.

import { isObject } from '../contract/check/field-checks.js'
import { type FieldFindings, pointerSegment } from '../contract/check/field-findings.js'
import { FIELDS, type FieldKind, type FieldPath, readPath } from '../contract/check/field-path.js'
import { isEventId } from '../contract/event-id.js'
import { timeFault } from '../contract/rfc3339.js'
import { QUERY_LIMITS } from './query-limits.js'

export const COMPARISONS = ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'exists', 'like'] as const
export type Comparison = (typeof COMPARISONS)[number]
export const GROUPS = ['and', 'or', 'not'] as const
export type WhereGroup = (typeof GROUPS)[number]

export type Scalar = string | number | boolean | null

export interface Leaf {
  readonly kind: 'leaf'
  readonly path: FieldPath
  readonly op: Comparison
  /** A list for `in` and `nin`, else one value. */
  readonly value: Scalar | readonly Scalar[]
}

export interface Grouped {
  readonly kind: WhereGroup
  /** `not` has exactly one part. */
  readonly parts: readonly WhereCondition[]
}

export type WhereCondition = Leaf | Grouped

interface Task {
  readonly node: unknown
  readonly pointer: string
  readonly depth: number
  /** The finished condition is put into this list at index `at`. */
  readonly into: WhereCondition[]
  readonly at: number
}

/** One comparison, with the places of its parts in what was sent: the short form has no names for them. */
interface Comparing {
  readonly field: unknown
  readonly op: unknown
  readonly value: unknown
  readonly at: { readonly field: string; readonly op: string; readonly value: string }
}

const LEAF_FIELDS: ReadonlySet<string> = new Set(['field', 'op', 'value'])
/** No event has a field of such a name, so one of them shows which form an object is of. */
const LONG_FIELDS: ReadonlySet<string> = new Set([...LEAF_FIELDS, ...GROUPS])
const SHAPE =
  'must be {"<field>": value}, {"<field>": {"<operator>": value}}, {"field", "op", "value"}, or one of {"and": […]}, {"or": […]}, {"not": {…}}'
const ONE_OF_SEVERAL = 'must be one value; for one of several write {"in": […]}'
const OPERATORS = `must be one of ${COMPARISONS.join(', ')}`
const TOO_MANY = `must have at most ${QUERY_LIMITS.whereNodes} conditions and groups`
const ORDERED: ReadonlySet<Comparison> = new Set<Comparison>(['gt', 'gte', 'lt', 'lte'])

class WhereReader {
  private readonly tasks: Task[] = []
  private nodes = 0
  private likeChars = 0

  constructor(private readonly findings: FieldFindings) {}

  read(where: unknown, pointer: string): WhereCondition {
    const root: WhereCondition[] = []
    this.tasks.push({ node: where, pointer, depth: 1, into: root, at: 0 })
    while (!this.findings.full) {
      const task = this.tasks.pop()
      if (task === undefined) break
      if (++this.nodes > QUERY_LIMITS.whereNodes) {
        this.fault(pointer, TOO_MANY)
        break
      }
      this.node(task)
    }
    if (this.likeChars > QUERY_LIMITS.likeCharsTotal) {
      this.fault(
        pointer,
        `must have at most ${QUERY_LIMITS.likeCharsTotal} characters in all its like patterns together`,
      )
    }
    return root[0] as WhereCondition
  }

  private fault(pointer: string, detail: string): void {
    this.findings.add('INVALID_REQUEST', pointer, detail)
  }

  private node(task: Task): void {
    const { node, pointer } = task
    if (!isObject(node)) {
      this.fault(pointer, SHAPE)
      return
    }
    const names = Object.keys(node)
    if (!names.some(name => LONG_FIELDS.has(name))) {
      this.short(task, node)
      return
    }
    const group = GROUPS.find(name => Object.hasOwn(node, name))
    const isOurs = (name: string) => (group === undefined ? LEAF_FIELDS.has(name) : name === group)
    for (const name of names) {
      const beside = group ?? 'field, op and value'
      if (!isOurs(name)) this.fault(pointer + pointerSegment(name), `must not stand beside ${beside}: ${SHAPE}`)
    }
    if (group === undefined) this.long(task, node)
    else this.group(task, group, node[group])
  }

  /** `{"type": "T", "data.n": {"gte": 1, "lt": 9}}` is the group `and` of its comparisons, or the only one of them. */
  private short({ pointer, depth, into, at }: Task, node: Record<string, unknown>): void {
    const found: Comparing[] = []
    for (const name of Object.keys(node))
      found.push(...this.comparings(name, node[name], pointer + pointerSegment(name)))
    if (Object.keys(node).length === 0) this.fault(pointer, 'must name at least one field')
    if (found.length < 2) {
      for (const one of found) this.leaf(one, into, at)
      return
    }
    if (!this.mayNest(depth, pointer) || !this.counts(found.length, pointer)) return
    const parts: WhereCondition[] = new Array(found.length)
    into[at] = { kind: 'and', parts }
    for (const [i, one] of found.entries()) this.leaf(one, parts, i)
  }

  private comparings(field: string, given: unknown, place: string): Comparing[] {
    const whole = { field: place, op: place, value: place }
    if (Array.isArray(given)) {
      this.fault(place, ONE_OF_SEVERAL)
      return []
    }
    if (!isObject(given)) return [{ field, op: 'eq', value: given, at: whole }]
    const names = Object.keys(given)
    if (names.length === 0) this.fault(place, 'must name at least one operator')
    return names.map(op => {
      const below = place + pointerSegment(op)
      return { field, op, value: given[op], at: { field: place, op: below, value: below } }
    })
  }

  /** Of the comparisons of a short form, which are conditions as those of a group are. */
  private counts(conditions: number, pointer: string): boolean {
    this.nodes += conditions
    if (this.nodes <= QUERY_LIMITS.whereNodes) return true
    this.fault(pointer, TOO_MANY)
    return false
  }

  private mayNest(depth: number, where: string): boolean {
    if (depth < QUERY_LIMITS.whereDepth) return true
    this.fault(where, `must not be nested deeper than ${QUERY_LIMITS.whereDepth} levels`)
    return false
  }

  private group({ pointer, depth, into, at }: Task, group: WhereGroup, inner: unknown): void {
    const where = `${pointer}/${group}`
    if (!this.mayNest(depth, where)) return
    if (group !== 'not' && !Array.isArray(inner)) {
      this.fault(where, 'must be an array')
      return
    }
    const nodes: readonly unknown[] = group === 'not' ? [inner] : (inner as unknown[])
    if (nodes.length === 0) {
      this.fault(where, 'must have at least 1 item')
      return
    }
    if (nodes.length > QUERY_LIMITS.whereNodes) {
      this.fault(where, `must have at most ${QUERY_LIMITS.whereNodes} items, not ${nodes.length}`)
      return
    }
    const parts: WhereCondition[] = new Array(nodes.length)
    into[at] = { kind: group, parts }
    // The parts are pushed in reverse, because the stack returns the last first and faults are reported in text order.
    for (let i = nodes.length - 1; i >= 0; i--) {
      const below = group === 'not' ? where : `${where}/${i}`
      this.tasks.push({ node: nodes[i], pointer: below, depth: depth + 1, into: parts, at: i })
    }
  }

  private long({ pointer, into, at }: Task, node: Record<string, unknown>): void {
    const own = (name: string) => (Object.hasOwn(node, name) ? node[name] : undefined)
    const places = { field: `${pointer}/field`, op: `${pointer}/op`, value: `${pointer}/value` }
    const op = own('op')
    const value = op === 'exists' && own('value') === undefined ? true : own('value')
    this.leaf({ field: own('field'), op, value, at: places }, into, at)
  }

  private leaf({ field, op: given, value, at: places }: Comparing, into: WhereCondition[], at: number): void {
    const read = readPath(field)
    if ('fault' in read) this.fault(places.field, read.fault)
    const op = given as Comparison
    const known = COMPARISONS.includes(op)
    if (!known) this.fault(places.op, op === undefined ? 'is required' : OPERATORS)
    if ('fault' in read || !known) return
    this.value(value, op, kindOf(read.path), places.value)
    into[at] = { kind: 'leaf', path: read.path, op, value: value as Scalar }
  }

  private value(value: unknown, op: Comparison, kind: FieldKind, pointer: string): void {
    if (op === 'exists') {
      if (typeof value !== 'boolean') this.fault(pointer, 'must be true or false')
    } else if (op === 'in' || op === 'nin') {
      this.list(value, op, kind, pointer)
    } else {
      const fault = scalarFault(value, op, kind)
      if (fault !== undefined) this.fault(pointer, fault)
      if (op === 'like' && typeof value === 'string') this.likeChars += value.length
    }
  }

  private list(list: unknown, op: Comparison, kind: FieldKind, pointer: string): void {
    const { inValues } = QUERY_LIMITS
    if (!Array.isArray(list)) {
      this.fault(pointer, 'must be an array')
      return
    }
    if (list.length === 0 || list.length > inValues) {
      this.fault(pointer, `must have 1 to ${inValues} items, not ${list.length}`)
      return
    }
    for (const [i, value] of list.entries()) {
      const fault = scalarFault(value, op, kind)
      if (fault !== undefined) this.fault(`${pointer}/${i}`, fault)
    }
  }
}

function kindOf({ field }: FieldPath): FieldKind {
  return FIELDS[field]
}

/** A value that the field can never have is a mistake in the query, which an empty result would hide. */
function scalarFault(value: unknown, op: Comparison, kind: FieldKind): string | undefined {
  if (value === undefined) return 'is required'
  if (typeof value === 'string' && value.length > QUERY_LIMITS.valueChars) {
    return `must have at most ${QUERY_LIMITS.valueChars} characters`
  }
  if (op === 'like') {
    if (kind === 'time' || kind === 'number') return 'must not be a pattern here: use gte and lt'
    return typeof value === 'string' ? undefined : 'must be a string'
  }
  if (kind === 'time') return timeFault(value)
  if (kind === 'id') return typeof value === 'string' && isEventId(value) ? undefined : 'must be an event id'
  if (kind === 'number') return isFiniteNumber(value) ? undefined : 'must be a number'
  if (kind !== 'payload') return typeof value === 'string' ? undefined : 'must be a string'
  if (typeof value === 'string' || isFiniteNumber(value)) return undefined
  if (ORDERED.has(op)) return 'must be a number or a string'
  return typeof value === 'boolean' || value === null ? undefined : 'must be a string, a number, true, false or null'
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** `pointer` is the position of the tree in the request. The result is valid only if no finding was added. */
export function readWhere(where: unknown, pointer: string, findings: FieldFindings): WhereCondition {
  return new WhereReader(findings).read(where, pointer)
}
