// The terms under which an event can be found; the write path and a rebuild both use them, so they cannot differ.
import { causesOf, type Filterable, type FilterFieldName } from '../../contract/filter.js'
import { RecordSpans } from '../../record/record-spans.js'
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

/** One for all records, which are indexed one after the other. */
const spans = new RecordSpans()

/**
 * The same terms from the bytes of a record. A start and a follower index millions of events that nobody looks at, so no
 * event and no string is made of them.
 */
export function indexRecord(bytes: Buffer, from: number, ordinal: number, postings: ActivePostings): void {
  spans.begin(bytes, from)
  note(ordinal, postings, KIND.stream)
  spans.integer()
  note(ordinal, postings, KIND.type)
  note(ordinal, postings, KIND.agent)
  const agentFrom = spans.from
  const agentTo = spans.at
  spans.integer()
  if (spans.nil()) return
  const options = spans.arrayHeader()
  if (options > 0) noteAll(ordinal, postings, KIND.tag)
  if (options > 1 && !spans.nil()) note(ordinal, postings, KIND.correlation)
  if (options > 2 && !spans.nil()) note(ordinal, postings, KIND.causation)
  if (options > 3 && !spans.nil()) note(ordinal, postings, KIND.session)
  // What it was caused by besides is looked up in the same way.
  if (options > 4) noteAll(ordinal, postings, KIND.causation)
  if (options <= KEY_OPTION) return
  if (!spans.nil()) spans.text()
  if (!spans.nil()) spans.texts()
  if (!spans.nil()) spans.text()
  spans.text()
  const key = bytes.toString('utf8', spans.from, spans.at)
  postings.term(ordinal, KIND.key, keyTerm(bytes.toString('utf8', agentFrom, agentTo), key))
}

/** How many options stand before the idempotency key. */
const KEY_OPTION = 8

function note(ordinal: number, postings: ActivePostings, kind: number): void {
  spans.text()
  postings.termIn(ordinal, kind, spans.bytes, spans.from, spans.at)
}

function noteAll(ordinal: number, postings: ActivePostings, kind: number): void {
  if (spans.nil()) return
  for (let left = spans.arrayHeader(); left > 0; left--) note(ordinal, postings, kind)
}
