// Which events a reader asks for: fields are AND-ed, the values of one field OR-ed, tags AND-ed.
import { agentFault, referenceFault, streamGlobFault, tagFault, typeGlobFault } from './check/check-names.js'
import type { FaultOf } from './check/field-checks.js'
import { compileGlobs, isGlob, type TextTest } from './glob.js'

export interface EventFilter {
  /** Globs. A stream that begins with `$` is matched only by a pattern that itself begins with `$`. */
  readonly streams?: readonly string[]
  /** Globs. */
  readonly types?: readonly string[]
  /** An event must have all of them. */
  readonly tags?: readonly string[]
  readonly agents?: readonly string[]
  readonly correlationId?: string | readonly string[]
  readonly causationId?: string | readonly string[]
  readonly sessionId?: string | readonly string[]
  /** Event ids. Matches events that name one of them as their `causationId` or among their `parents`. */
  readonly causes?: readonly string[]
  /** Globs of the streams the reader may see; AND-ed with all the rest. */
  readonly within?: readonly string[]
}

export interface Filterable {
  readonly stream: string
  readonly type: string
  readonly tags: readonly string[]
  readonly agentId: string
  readonly correlationId?: string | undefined
  readonly causationId?: string | undefined
  readonly sessionId?: string | undefined
  readonly parents?: readonly string[] | undefined
}

export type EventTest = (event: Filterable) => boolean

const DOLLAR = 0x24

/** Matches any of the patterns. The service's own streams are matched only by patterns that begin with `$`. */
export function compileStreams(patterns: readonly string[]): TextTest {
  const isOwn = (name: string) => name.charCodeAt(0) === DOLLAR
  const own = patterns.filter(isOwn)
  const others = compileGlobs(own.length === 0 ? patterns : patterns.filter(pattern => !isOwn(pattern)))
  if (own.length === 0) return stream => !isOwn(stream) && others(stream)
  const ofService = compileGlobs(own)
  return stream => (isOwn(stream) ? ofService(stream) : others(stream))
}

/** For a single look: to test many streams, compile the patterns once. */
export function streamMatches(pattern: string, stream: string): boolean {
  return compileStreams([pattern])(stream)
}

type Wanted = string | readonly string[]

export interface FilterField {
  /** Name in a query, where it may be repeated. */
  readonly parameter: string
  /** `glob`: an event matches one of the patterns; `all`: it bears all values; `any`: it has one of them. */
  readonly choice: 'glob' | 'all' | 'any'
  /** Whether a single text is accepted where other fields take only a list. */
  readonly isText?: boolean
  /** Rank from 1 by how few events one value is likely to leave. */
  readonly narrowness: number
  readonly fault: FaultOf
  readonly valuesOf: (event: Filterable) => Wanted | undefined
  readonly test: (wanted: Wanted) => EventTest
}

/** All fields by which events are chosen. Fold ids and cursors hold them in this order, so a new one comes last. */
export const FILTER_FIELDS = {
  streams: {
    parameter: 'stream',
    choice: 'glob',
    narrowness: 4,
    fault: streamGlobFault,
    valuesOf: event => event.stream,
    test: wanted => on(compileStreams(listOf(wanted)), event => event.stream),
  },
  types: {
    parameter: 'type',
    choice: 'glob',
    narrowness: 7,
    fault: typeGlobFault,
    valuesOf: event => event.type,
    test: wanted => on(compileGlobs(listOf(wanted)), event => event.type),
  },
  tags: {
    parameter: 'tag',
    choice: 'all',
    narrowness: 5,
    fault: tagFault,
    valuesOf: event => event.tags,
    test: wanted => bearsAll(listOf(wanted)),
  },
  agents: {
    parameter: 'agent',
    choice: 'any',
    narrowness: 6,
    fault: agentFault,
    valuesOf: event => event.agentId,
    test: wanted => event => isOneOf(wanted, event.agentId),
  },
  correlationId: {
    parameter: 'correlation',
    choice: 'any',
    isText: true,
    narrowness: 1,
    fault: referenceFault,
    valuesOf: event => event.correlationId,
    test: wanted => event => isOneOf(wanted, event.correlationId),
  },
  causationId: {
    parameter: 'causation',
    choice: 'any',
    isText: true,
    narrowness: 2,
    fault: referenceFault,
    valuesOf: event => event.causationId,
    test: wanted => event => isOneOf(wanted, event.causationId),
  },
  sessionId: {
    parameter: 'session',
    choice: 'any',
    isText: true,
    narrowness: 3,
    fault: referenceFault,
    valuesOf: event => event.sessionId,
    test: wanted => event => isOneOf(wanted, event.sessionId),
  },
} as const satisfies Readonly<Record<Exclude<keyof EventFilter, 'causes' | 'within'>, FilterField>>

export type FilterFieldName = keyof typeof FILTER_FIELDS

export type NamedFilterField = FilterField & { readonly name: FilterFieldName }

/** Objects and not pairs, because taking a pair apart makes an iterator each time. */
export const FILTER_FIELD_LIST: readonly NamedFilterField[] = (
  Object.entries(FILTER_FIELDS) as [FilterFieldName, FilterField][]
).map(([name, field]) => ({ name, ...field }))

/** The fields that leave the fewest events come first, because a look-up ends as soon as none is left. */
export const NARROWEST_FIRST = FILTER_FIELD_LIST.toSorted((a, b) => a.narrowness - b.narrowness)

/** Patterns cost most to match and come first in the list, so in its reverse they are tested last. */
const CHEAPEST_FIRST = FILTER_FIELD_LIST.toReversed()

/** Compile once for each reader: a field that the filter does not name then costs an event nothing. */
export function compileFilter(filter: EventFilter): EventTest {
  const { causes, within } = filter
  const tests: EventTest[] = []
  for (const { name, test } of CHEAPEST_FIRST) {
    const wanted = filter[name]
    if (wanted !== undefined) tests.push(test(wanted))
  }
  if (within !== undefined) tests.push(on(compileStreams(within), event => event.stream))
  if (causes !== undefined) tests.push(event => causesOf(event).some(id => causes.includes(id)))
  return all(tests)
}

export function listOf(wanted: Wanted): readonly string[] {
  return typeof wanted === 'string' ? [wanted] : wanted
}

function bearsAll(tags: readonly string[]): EventTest {
  return event => tags.every(tag => event.tags.includes(tag))
}

function on(test: TextTest, textOf: (event: Filterable) => string): EventTest {
  return event => test(textOf(event))
}

function all(tests: readonly EventTest[]): EventTest {
  const [first, second] = tests
  if (first === undefined) return () => true
  if (second === undefined) return first
  if (tests.length === 2) return event => first(event) && second(event)
  return event => {
    for (const test of tests) if (!test(event)) return false
    return true
  }
}

/** For a single look: to test many events, compile the filter once. */
export function filterMatches(filter: EventFilter, event: Filterable): boolean {
  return compileFilter(filter)(event)
}

/** Characters of the patterns with a star, because each may have to be matched against every name there is. */
export function globCharsOf(streams: readonly string[] = NONE, types: readonly string[] = NONE): number {
  return charsOf(streams) + charsOf(types)
}

function charsOf(patterns: readonly string[]): number {
  return patterns.reduce((sum, pattern) => sum + (isGlob(pattern) ? pattern.length : 0), 0)
}

/** Assumed length of the text that a pattern is matched against. */
const TEXT_CHARS = 64
const CHARS_A_COMPARISON = 16

/** Estimates what testing one event costs, in plain comparisons. */
export function filterCost({ streams = NONE, types = NONE, within = NONE }: EventFilter): number {
  let chars = 0
  for (const patterns of [streams, types, within])
    for (const pattern of patterns) if (pattern !== '*' && isGlob(pattern)) chars += pattern.length + TEXT_CHARS
  return 1 + Math.ceil(chars / CHARS_A_COMPARISON)
}

/** The direct causes that the event names, each once. */
export function causesOf({
  causationId,
  parents = NONE,
}: Pick<Filterable, 'causationId' | 'parents'>): readonly string[] {
  if (causationId === undefined) return parents.length === 0 ? parents : [...new Set(parents)]
  return parents.length === 0 ? [causationId] : [...new Set([causationId, ...parents])]
}

const NONE: readonly string[] = []

function isOneOf(wanted: Wanted, found: string | undefined): boolean {
  if (wanted === found) return true
  return typeof wanted !== 'string' && found !== undefined && wanted.includes(found)
}

/** Matches the names that a listing shows: they match a glob of `streams`, or all but `$…`, and one of `within`. */
export function compileListing({ streams = ALL, within }: Pick<EventFilter, 'streams' | 'within'>): TextTest {
  const asked = compileStreams(streams)
  if (within === undefined) return asked
  const seen = compileStreams(within)
  return stream => asked(stream) && seen(stream)
}

const ALL: readonly string[] = ['*']
