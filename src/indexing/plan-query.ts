// Chooses which part of a query the indexes answer: a filter and ranges that contain every match. Pure.
import { agentFault, referenceFault, streamGlobFault, tagFault, typeGlobFault } from '../contract/check/check-names.js'
import type { FaultOf } from '../contract/check/field-checks.js'
import type { FieldName } from '../contract/check/field-path.js'
import type { Position } from '../contract/event.js'
import { type IdParts, parseId, TIMESTAMP_MAX } from '../contract/event-id.js'
import type { EventFilter } from '../contract/filter.js'
import { isGlob } from '../contract/glob.js'
import { LIMITS } from '../contract/limits.js'
import { parseTime } from '../contract/rfc3339.js'
import type { Leaf, WhereCondition } from './where.js'

export interface QueryPlan {
  /** Never narrower than the query; every event it finds is still checked against the whole of `where`. */
  readonly filter: EventFilter
  /** Both bounds are exclusive. */
  readonly after: Position
  readonly before: Position
  /** Nanoseconds since 1970; `since` is inclusive, `until` exclusive. */
  readonly since?: bigint
  readonly until?: bigint
  /** The names of the indexes used, as the answer shows them. */
  readonly index: string
}

interface Key {
  readonly name: string
  readonly fault: FaultOf
  readonly globs: boolean
}

/** The fields for which the store keeps posting lists. */
const KEYS: Readonly<Partial<Record<FieldName, Key>>> = {
  stream: { name: 'stream', fault: streamGlobFault, globs: true },
  type: { name: 'type', fault: typeGlobFault, globs: true },
  tags: { name: 'tag', fault: tagFault, globs: false },
  agentId: { name: 'agent', fault: agentFault, globs: false },
  correlationId: { name: 'correlation', fault: referenceFault, globs: false },
  causationId: { name: 'causation', fault: referenceFault, globs: false },
  sessionId: { name: 'session', fault: referenceFault, globs: false },
}

type Values = Map<FieldName, readonly string[]>

interface Ranges {
  after: Position
  before: Position
  since: bigint | undefined
  until: bigint | undefined
}

export function planQuery(where: WhereCondition, within: readonly string[] | undefined): QueryPlan {
  const values: Values = new Map()
  const ranges: Ranges = { after: 0, before: Number.MAX_SAFE_INTEGER, since: undefined, until: undefined }
  for (const part of conjunction(where)) {
    if (part.kind === 'leaf') narrow(ranges, part)
    choose(values, part)
  }
  const { since, until } = ranges
  return {
    filter: { ...filterOf(values), ...(within === undefined ? undefined : { within }) },
    after: ranges.after,
    before: ranges.before,
    ...(since === undefined ? undefined : { since }),
    ...(until === undefined ? undefined : { until }),
    index: indexOf(values, ranges),
  }
}

/** The conditions that must all hold, so that each of them may narrow the filter on its own. */
function conjunction(condition: WhereCondition): readonly WhereCondition[] {
  return condition.kind === 'and' ? condition.parts.flatMap(conjunction) : [condition]
}

function choose(values: Values, part: WhereCondition): void {
  const found = part.kind === 'or' ? sameField(part.parts) : part.kind === 'leaf' ? indexable(part) : undefined
  if (found === undefined || found.values.length > LIMITS.filterValues) return
  const { field } = found
  const before = values.get(field)
  if (field === 'tags') {
    // A filter requires all its tags, so it cannot express a choice between several.
    const all = [...new Set([...(before ?? []), ...found.values])]
    if (found.values.length === 1 && all.length <= LIMITS.filterValues) values.set(field, all)
  } else if (before === undefined || found.values.length < before.length) {
    values.set(field, found.values)
  }
}

interface Indexable {
  readonly field: FieldName
  readonly values: readonly string[]
}

function indexable({ path: { field }, op, value }: Leaf): Indexable | undefined {
  const key = KEYS[field]
  if (key === undefined || !(op === 'eq' || op === 'in' || (op === 'like' && key.globs))) return undefined
  const values = (Array.isArray(value) ? value : [value]) as readonly string[]
  // The store would refuse a value that no event can have, so such a condition is left to the scan.
  const impossible = (text: string) => key.fault(text) !== undefined || (op !== 'like' && isGlob(text))
  return values.some(impossible) ? undefined : { field, values }
}

/** A choice between values of one field is a list in the filter; the scan decides any other choice. */
function sameField(parts: readonly WhereCondition[]): Indexable | undefined {
  const found = parts.map(part => (part.kind === 'leaf' ? indexable(part) : undefined))
  const field = found[0]?.field
  if (field === undefined || found.some(one => one?.field !== field)) return undefined
  return { field, values: [...new Set(found.flatMap(one => one?.values ?? []))] }
}

function narrow(ranges: Ranges, leaf: Leaf): void {
  const { field } = leaf.path
  if (field === 'position') narrowPositions(ranges, leaf)
  if (field === 'timestamp') narrowTimes(ranges, leaf, value => parseTime(value))
  if (field === 'id') narrowTimes(ranges, leaf, value => (parseId(value) as IdParts).timestampNs)
}

function narrowPositions(ranges: Ranges, { op, value }: Leaf): void {
  const values = (Array.isArray(value) ? value : [value]) as readonly number[]
  if (op === 'ne' || op === 'nin' || op === 'exists') return
  const least = Math.min(...values)
  const most = Math.max(...values)
  if (op !== 'lt' && op !== 'lte') {
    const after = op === 'gt' ? Math.floor(least) : Math.ceil(least) - 1
    ranges.after = Math.max(ranges.after, Math.min(after, Number.MAX_SAFE_INTEGER))
  }
  if (op !== 'gt' && op !== 'gte') {
    const before = op === 'lt' ? Math.ceil(most) : Math.floor(most) + 1
    ranges.before = Math.min(ranges.before, Math.max(before, 0))
  }
}

/**
 * Ids share their nanosecond with others and times may be clamped, so both bounds include their value; the check of
 * each event decides the rest.
 */
function narrowTimes(ranges: Ranges, { op, value }: Leaf, instantOf: (value: string) => bigint): void {
  if (op === 'ne' || op === 'nin' || op === 'exists' || op === 'like') return
  const instants = ((Array.isArray(value) ? value : [value]) as readonly string[]).map(instantOf)
  instants.sort((a, b) => (a < b ? -1 : 1))
  const least = clamped(instants[0] as bigint)
  const most = clamped(instants.at(-1) as bigint)
  if (op !== 'lt' && op !== 'lte') {
    ranges.since = ranges.since === undefined || least > ranges.since ? least : ranges.since
  }
  if (op !== 'gt' && op !== 'gte') {
    ranges.until = ranges.until === undefined || most + 1n < ranges.until ? most + 1n : ranges.until
  }
}

function clamped(instant: bigint): bigint {
  if (instant < 0n) return 0n
  return instant >= TIMESTAMP_MAX ? TIMESTAMP_MAX - 1n : instant
}

function filterOf(values: Values): EventFilter {
  const filter: Record<string, readonly string[]> = {}
  for (const [field, list] of values) filter[FILTER_NAMES[field] ?? field] = list
  return filter
}

const FILTER_NAMES: Readonly<Partial<Record<FieldName, keyof EventFilter>>> = {
  stream: 'streams',
  type: 'types',
  agentId: 'agents',
}

function indexOf(values: Values, { after, before, since, until }: Ranges): string {
  const used = Object.entries(KEYS).flatMap(([field, { name }]) => (values.has(field as FieldName) ? [name] : []))
  if (after > 0 || before < Number.MAX_SAFE_INTEGER) used.push('position range')
  if (since !== undefined || until !== undefined) used.push('time range')
  return used.length === 0 ? 'none: full scan' : used.join('+')
}
