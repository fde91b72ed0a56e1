// Which events a reader asks for: fields are AND-ed, the values of one field OR-ed, tags AND-ed.
import { globMatches } from './glob.js'

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

export function streamMatches(pattern: string, stream: string): boolean {
  if (stream.charCodeAt(0) === 0x24 && pattern.charCodeAt(0) !== 0x24) return false
  return globMatches(pattern, stream)
}

export function filterMatches(filter: EventFilter, event: Filterable): boolean {
  const { streams, types, tags, agents } = filter
  if (streams !== undefined && !streams.some(pattern => streamMatches(pattern, event.stream))) return false
  if (types !== undefined && !types.some(pattern => globMatches(pattern, event.type))) return false
  if (tags !== undefined && !tags.every(tag => event.tags.includes(tag))) return false
  if (agents !== undefined && !agents.includes(event.agentId)) return false
  if (!isOneOf(filter.correlationId, event.correlationId)) return false
  if (!isOneOf(filter.causationId, event.causationId)) return false
  if (!isOneOf(filter.sessionId, event.sessionId)) return false
  if (filter.causes !== undefined && !causesOf(event).some(id => filter.causes?.includes(id))) return false
  return filter.within === undefined || filter.within.some(pattern => streamMatches(pattern, event.stream))
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

function isOneOf(wanted: string | readonly string[] | undefined, found: string | undefined): boolean {
  if (wanted === undefined || wanted === found) return true
  return typeof wanted !== 'string' && found !== undefined && wanted.includes(found)
}

/** The names a listing shows: those that match a glob of `streams`, or all but `$…`, and one of `within`. */
export function streamListed(request: Pick<EventFilter, 'streams' | 'within'>, stream: string): boolean {
  const { streams = ALL, within } = request
  if (!streams.some(pattern => streamMatches(pattern, stream))) return false
  return within === undefined || within.some(pattern => streamMatches(pattern, stream))
}

const ALL: readonly string[] = ['*']
