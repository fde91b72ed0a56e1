// How many bytes an event takes beside its payload. Estimated, because they count before the event is encoded.
import type { Author, NewEvent } from './event.js'

/** Names, numbers and marks, in any encoding. */
const FIELDS_BYTES = 256
/** Events whose texts are short are taken for as large as this. */
const LEAST_BYTES = 512
/** A character takes at most this much, of which a check of names has left no more. */
const CHAR_BYTES = 3

type Enveloped = Pick<
  NewEvent,
  'stream' | 'type' | 'tags' | 'parents' | 'causationId' | 'sessionId' | 'occurredAt' | 'correlationId'
>

/** Never fewer than it takes in the log or as UTF-8 anywhere else. An event that is recorded is its own author. */
export function envelopeBytes(event: Enveloped, author: Author): number {
  let chars = event.stream.length + event.type.length + author.agentId.length
  chars += lengthOf(event.correlationId ?? author.correlationId) + lengthOf(event.causationId)
  chars += lengthOf(event.sessionId) + lengthOf(event.occurredAt) + lengthOf(author.traceparent)
  chars += lengthsOf(event.tags) + lengthsOf(event.parents) + lengthsOf(author.onBehalfOf)
  return Math.max(LEAST_BYTES, FIELDS_BYTES + CHAR_BYTES * chars)
}

function lengthOf(text: string | undefined): number {
  return text === undefined ? 0 : text.length
}

/** Each item has marks of its own around it. */
function lengthsOf(list: readonly string[] | undefined): number {
  if (list === undefined) return 0
  let chars = 0
  for (let at = 0; at < list.length; at++) chars += (list[at] as string).length + 1
  return chars
}
