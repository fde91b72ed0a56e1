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
  readonly correlationId?: string
  readonly causationId?: string
  readonly sessionId?: string
}

export interface Filterable {
  readonly stream: string
  readonly type: string
  readonly tags: readonly string[]
  readonly agentId: string
  readonly correlationId?: string | undefined
  readonly causationId?: string | undefined
  readonly sessionId?: string | undefined
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
  if (filter.correlationId !== undefined && filter.correlationId !== event.correlationId) return false
  if (filter.causationId !== undefined && filter.causationId !== event.causationId) return false
  return filter.sessionId === undefined || filter.sessionId === event.sessionId
}
