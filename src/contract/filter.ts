// Which events a reader asks for: fields are AND-ed, the values of one field OR-ed, tags AND-ed.
import { agentFault, referenceFault, streamGlobFault, tagFault, typeGlobFault } from './check/check-names.js'
import type { FaultOf } from './check/field-checks.js'
import { compileGlobs, isGlob, type TextTest } from './glob.js'

export interface EventFilter {
  /** Globs. A leading `$` is matched only by a pattern that itself starts with `$`. */
  readonly streams?: readonly string[]
  /** Globs. */
  readonly types?: readonly string[]
  /** All must be present. */
  readonly tags?: readonly string[]
  readonly agents?: readonly string[]
  readonly correlationId?: string | readonly string[]
  readonly causationId?: string | readonly string[]
  readonly sessionId?: string | readonly string[]
  /** Ids: of events that name one of them as their `causationId` or among their `parents`. */
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

/** Whether a stream matches any of the patterns. The service's own are matched only by patterns that begin with `$`. */
export function compileStreams(patterns: readonly string[]): TextTest {
  const isOwn = (name: string) => name.charCodeAt(0) === DOLLAR
  const own = patterns.filter(isOwn)
  const others = compileGlobs(own.length === 0 ? patterns : patterns.filter(pattern => !isOwn(pattern)))
  if (own.length === 0) return stream => !isOwn(stream) && others(stream)
  const ofService = compileGlobs(own)
  return stream => (isOwn(stream) ? ofService(stream) : others(stream))
}

/** For a single look; whoever looks at many streams compiles the patterns once. */
export function streamMatches(pattern: string, stream: string): boolean {
  return compileStreams([pattern])(stream)
}

/** What a filter asks of a field: one value, or several. */
type Wanted = string | readonly string[]

export interface FilterField {
  /** As a query names it, where it may be repeated. */
  readonly parameter: string
  /** `glob`: an event matches one of the patterns; `all`: it bears all values; `any`: it has one of them. */
  readonly choice: 'glob' | 'all' | 'any'
  /** Whether one text will do where others take a list. */
  readonly isText?: boolean
  /** Its place among the fields by how few events a value of it is likely to leave, from 1. */
  readonly narrowness: number
  readonly fault: FaultOf
  readonly valuesOf: (event: Filterable) => Wanted | undefined
  readonly test: (wanted: Wanted) => EventTest
}

/** All by which events may be chosen, in the order in which fold ids and cursors hold them: a new one comes last. */
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

/** Objects, not pairs: taking a pair apart makes an iterator each time. */
export const FILTER_FIELD_LIST: readonly NamedFilterField[] = (
  Object.entries(FILTER_FIELDS) as [FilterFieldName, FilterField][]
).map(([name, field]) => ({ name, ...field }))

/** Those that narrow most come first. */
export const NARROWEST_FIRST = FILTER_FIELD_LIST.toSorted((a, b) => a.narrowness - b.narrowness)

/** Patterns cost most to hold against an event, and come first in the list: they are looked at last. */
const CHEAPEST_FIRST = FILTER_FIELD_LIST.toReversed()

/** Made once for each reader: what the filter does not name costs an event nothing. */
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

/** For a single look; whoever looks at many events compiles the filter once. */
export function filterMatches(filter: EventFilter, event: Filterable): boolean {
  return compileFilter(filter)(event)
}

/** Of the patterns with a star among those that are asked for: each may have to be held against every name there is. */
export function globCharsOf(streams: readonly string[] = NONE, types: readonly string[] = NONE): number {
  return charsOf(streams) + charsOf(types)
}

function charsOf(patterns: readonly string[]): number {
  return patterns.reduce((sum, pattern) => sum + (isGlob(pattern) ? pattern.length : 0), 0)
}

/** A pattern is held against a text of about so many characters. */
const TEXT_CHARS = 64
const CHARS_A_COMPARISON = 16

/** About what a look at one event costs, in plain comparisons. */
export function filterCost({ streams = NONE, types = NONE, within = NONE }: EventFilter): number {
  let chars = 0
  for (const patterns of [streams, types, within])
    for (const pattern of patterns) if (pattern !== '*' && isGlob(pattern)) chars += pattern.length + TEXT_CHARS
  return 1 + Math.ceil(chars / CHARS_A_COMPARISON)
}

/** What the event names as its direct causes, each once. */
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

/** The names a listing shows: those that match a glob of `streams`, or all but `$…`, and one of `within`. */
export function compileListing({ streams = ALL, within }: Pick<EventFilter, 'streams' | 'within'>): TextTest {
  const asked = compileStreams(streams)
  if (within === undefined) return asked
  const seen = compileStreams(within)
  return stream => asked(stream) && seen(stream)
}

const ALL: readonly string[] = ['*']
