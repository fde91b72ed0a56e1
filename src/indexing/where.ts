// The grammar of `where`: reads an untrusted tree into conditions, without recursion, and reports its faults together.

import { checkUnknownFields, isObject } from '../contract/check/field-checks.js'
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

const LEAF_FIELDS: ReadonlySet<string> = new Set(['field', 'op', 'value'])
const SHAPE = 'must be {"field", "op", "value"} or one of {"and": […]}, {"or": […]}, {"not": {…}}'
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
        this.fault(pointer, `must have at most ${QUERY_LIMITS.whereNodes} conditions and groups`)
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
    const groups = GROUPS.filter(name => Object.hasOwn(node, name))
    if (groups.length === 0 && !Object.hasOwn(node, 'field') && !Object.hasOwn(node, 'op')) {
      this.fault(pointer, SHAPE)
      return
    }
    const [group] = groups
    if (group === undefined) {
      this.leaf(task, node)
      return
    }
    for (const name of Object.keys(node)) {
      if (name !== group) this.fault(pointer + pointerSegment(name), `must not stand beside ${group}: ${SHAPE}`)
    }
    this.group(task, group, node[group])
  }

  private group({ pointer, depth, into, at }: Task, group: WhereGroup, inner: unknown): void {
    const where = `${pointer}/${group}`
    if (depth >= QUERY_LIMITS.whereDepth) {
      this.fault(where, `must not be nested deeper than ${QUERY_LIMITS.whereDepth} levels`)
      return
    }
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

  private leaf({ pointer, into, at }: Task, node: Record<string, unknown>): void {
    checkUnknownFields(node, LEAF_FIELDS, pointer, 'INVALID_REQUEST', this.findings)
    const own = (name: string) => (Object.hasOwn(node, name) ? node[name] : undefined)
    const read = readPath(own('field'))
    if ('fault' in read) this.fault(`${pointer}/field`, read.fault)
    const op = own('op') as Comparison
    const known = COMPARISONS.includes(op)
    if (!known) this.fault(`${pointer}/op`, `must be one of ${COMPARISONS.join(', ')}`)
    if ('fault' in read || !known) return
    const value = op === 'exists' && own('value') === undefined ? true : own('value')
    this.value(value, op, kindOf(read.path), `${pointer}/value`)
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
