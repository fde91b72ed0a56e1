// An append from arrival to answer: it waits, gets its place in the batch, is indexed, and is answered.
import { StoreError } from '../../contract/errors.js'
import type { NewEvent } from '../../contract/event.js'
import { formatId, formatTimestamp } from '../../contract/event-id.js'
import type { Appended, AppendedEvent } from '../../contract/event-store.js'
import type { PreparedAppend } from '../../record/append-request.js'
import type { Asked } from '../../record/decide.js'
import type { Placement } from '../../record/record.js'
import type { ConditionSearch } from './condition-search.js'
import type { ActivePostings } from './engine/index/active-postings.js'
import { DamagedEvent } from './entry-reader.js'
import { indexEvent } from './terms.js'

/** One sync covers at most this much; the rest waits for the next batch. */
export const BATCH_BYTES = 8 * 1024 * 1024
const BATCH_APPENDS = 4_096

export interface WaitingAppend extends PreparedAppend {
  /** Keeps how far the condition has been searched, so that a later batch goes on from there; undefined without one. */
  readonly search: ConditionSearch | undefined
  /** What the append is answered unless it repeats a stored one; undefined when it may be stored. */
  readonly refusal: StoreError | undefined
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

/** The urgent ones first, and of each kind in the order in which they came. */
export class WaitingAppends {
  private readonly usual: WaitingAppend[] = []
  private readonly urgent: WaitingAppend[] = []
  private held = 0
  /** Smaller while memory is short. */
  batchBytes = BATCH_BYTES

  get count(): number {
    return this.usual.length + this.urgent.length
  }

  /** The bytes of all that wait, and of those that are held beside the writer. */
  get bytes(): number {
    return this.held
  }

  add(append: WaitingAppend, isUrgent: boolean): void {
    const line = isUrgent ? this.urgent : this.usual
    line.push(append)
    this.held += append.bytes
  }

  /** For an append whose condition is searched beside the writer: its bytes go on counting. */
  hold(append: WaitingAppend): void {
    this.held += append.bytes
  }

  /** For an append that was held. */
  addHeld(append: WaitingAppend): void {
    this.usual.push(append)
  }

  /** The next batch. Urgent appends have a batch of their own, so that their sync waits for nothing else. */
  take(): WaitingAppend[] {
    const line = this.urgent.length > 0 ? this.urgent : this.usual
    let bytes = 0
    let count = 0
    while (count < line.length && count < BATCH_APPENDS && bytes < this.batchBytes)
      bytes += (line[count++] as WaitingAppend).bytes
    this.held -= bytes
    return line.splice(0, count)
  }

  putBack(appends: readonly WaitingAppend[]): void {
    this.usual.unshift(...appends)
    for (const { bytes } of appends) this.held += bytes
  }
}

/** The append without what it expects, so that only its key decides. */
export function withKeyAlone({ request, requestHash, spelledHash }: WaitingAppend): Asked<ConditionSearch> {
  const { events, author, key } = request
  const asked = key === undefined ? { events, author } : { events, author, key }
  return { request: asked, requestHash, spelledHash, search: undefined }
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

/** The commit log rejects with a StoreError; any other error arose while the append was decided. */
export function inWords(error: unknown): unknown {
  if (error instanceof StoreError) return error
  if (error instanceof DamagedEvent)
    return new StoreError('DATA_CORRUPT', `the append cannot be decided: ${error.message}`, { cause: error })
  return new StoreError('STORAGE_UNAVAILABLE', 'the append could not be begun', { cause: error })
}

export function attempt<T>(work: () => T): { readonly value: T } | { readonly defect: unknown } {
  try {
    return { value: work() }
  } catch (defect) {
    return { defect }
  }
}

export function indeterminate(
  cause: unknown,
  why = cause instanceof Error ? cause.message : String(cause),
): StoreError {
  return new StoreError('INDETERMINATE', `it is not known whether it is stored: ${why}`, { cause })
}
