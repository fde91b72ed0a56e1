// An append from arrival to answer: it waits, gets its place in the batch, is indexed, and is answered.
import type { NewEvent } from '../../contract/event.js'
import { formatId, formatTimestamp } from '../../contract/event-id.js'
import type { Appended, AppendedEvent } from '../../contract/event-store.js'
import type { PreparedAppend } from '../../record/append-request.js'
import type { Placement } from '../../record/record.js'
import type { ConditionSearch } from './condition-search.js'
import type { ActivePostings } from './engine/index/active-postings.js'
import { indexEvent } from './terms.js'

export interface WaitingAppend extends PreparedAppend {
  /** Keeps how far the condition has been searched, so that a later batch goes on from there; undefined without one. */
  readonly search: ConditionSearch | undefined
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

/** Answers the caller. It runs only once the batch is durable, because until then a crash can take the events back. */
export type Settle = () => void

export interface Placed {
  readonly event: NewEvent
  readonly placement: Placement
  /** Byte offsets in the segment file, as the index takes them. */
  readonly entry: { readonly offset: number; readonly end: number }
}

export interface Admitted {
  readonly append: WaitingAppend
  readonly placed: readonly Placed[]
}

const NO_TAGS: readonly string[] = Object.freeze([])

export function indexPlaced(postings: ActivePostings, placed: readonly Placed[]): void {
  for (const { event, placement, entry } of placed) {
    const { stream, type, causationId, sessionId, parents, tags = NO_TAGS } = event
    const { agentId, correlationId, keyed } = placement
    const terms = { stream, type, tags, agentId, correlationId, causationId, sessionId, parents }
    indexEvent(postings, postings.add(entry.offset, entry.end), terms, keyed?.key)
  }
}

export function settlementOf(outcome: Admitted | Settle): Settle {
  if (typeof outcome === 'function') return outcome
  const { append, placed } = outcome
  const events = placed.map(({ event, placement }): AppendedEvent => {
    const { position, revision, timestampNs, sequence, nodeId } = placement
    const id = formatId(timestampNs, sequence, nodeId)
    return { id, position, stream: event.stream, revision, timestamp: formatTimestamp(timestampNs) }
  })
  const firstPosition = (events[0] as AppendedEvent).position
  const lastPosition = firstPosition + events.length - 1
  return () => append.resolve({ events, firstPosition, lastPosition, duplicate: false, durability: 'fsync' })
}
