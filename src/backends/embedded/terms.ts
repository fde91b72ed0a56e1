// The terms under which an event can be found; the write path and a rebuild both use them, so they cannot differ.
import { causesOf, type Filterable, type FilterFieldName } from '../../contract/filter.js'
import { StoredEvent } from '../../record/record.js'
import type { ActivePostings } from './engine/index/active-postings.js'
import type { TermKinds } from './engine/index/postings.js'

export const KIND = Object.freeze({
  stream: 0,
  type: 1,
  tag: 2,
  agent: 3,
  correlation: 4,
  causation: 5,
  session: 6,
  key: 7,
})

/** The kind of the terms by which each field of a filter is looked up. */
export const KIND_OF: Readonly<Record<FilterFieldName, number>> = {
  streams: KIND.stream,
  types: KIND.type,
  tags: KIND.tag,
  agents: KIND.agent,
  correlationId: KIND.correlation,
  causationId: KIND.causation,
  sessionId: KIND.session,
}

/**
 * Streams and types are searched by glob, so their names must be listed. Every append looks up streams and keys, mostly
 * in vain, so those have a filter.
 */
export const TERM_KINDS: TermKinds = Object.freeze({
  enumerable: (1 << KIND.stream) | (1 << KIND.type),
  filtered: (1 << KIND.stream) | (1 << KIND.key),
})

export function keyTerm(agentId: string, key: string): string {
  return `${agentId}\n${key}`
}

export function indexEvent(
  postings: ActivePostings,
  ordinal: number,
  event: Filterable,
  key: string | undefined,
): void {
  postings.term(ordinal, KIND.stream, event.stream)
  postings.term(ordinal, KIND.type, event.type)
  postings.term(ordinal, KIND.agent, event.agentId)
  for (const tag of event.tags) postings.term(ordinal, KIND.tag, tag)
  if (event.correlationId !== undefined) postings.term(ordinal, KIND.correlation, event.correlationId)
  for (const cause of causesOf(event)) postings.term(ordinal, KIND.causation, cause)
  if (event.sessionId !== undefined) postings.term(ordinal, KIND.session, event.sessionId)
  if (key !== undefined) postings.term(ordinal, KIND.key, keyTerm(event.agentId, key))
}

export function indexRecord(record: Buffer, ordinal: number, postings: ActivePostings): void {
  const event = new StoredEvent(record, '')
  indexEvent(postings, ordinal, event, event.keyed?.key)
}
