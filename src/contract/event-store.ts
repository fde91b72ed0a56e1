// The port every backend implements, and the Nest token by which the house asks for it.
import type { Condition } from './condition.js'
import type { Author, NewEvent, Position, RecordedEvent, Revision } from './event.js'
import type { ExpectedRevision } from './expected-revision.js'
import type { EventFilter } from './filter.js'

export interface Expectation {
  readonly stream: string
  readonly expectedRevision: ExpectedRevision
}

export interface AppendRequest {
  /** 1 to 1,000 events, stored all or none, in this order, at consecutive positions. */
  readonly events: readonly NewEvent[]
  readonly author: Author
  readonly expectations?: readonly Expectation[]
  readonly condition?: Condition
  /** Idempotency key, kept per agent for 24 h. */
  readonly key?: string
}

export interface AppendedEvent {
  readonly id: string
  readonly position: Position
  readonly stream: string
  readonly revision: Revision
  readonly timestamp: string
}

export interface Appended {
  readonly events: readonly AppendedEvent[]
  readonly firstPosition: Position
  readonly lastPosition: Position
  /** True when this key had been stored before: the answer is the first one's. */
  readonly duplicate: boolean
  readonly durability: 'fsync' | 'quorum' | 'memory'
}

export interface ReadRequest {
  readonly filter?: EventFilter
  /** Exclusive bounds. */
  readonly after?: Position
  readonly before?: Position
  /** Inclusive `since`, exclusive `until`, in nanoseconds since 1970 or RFC 3339. */
  readonly since?: string | bigint
  readonly until?: string | bigint
  readonly order?: 'asc' | 'desc'
  readonly limit?: number
  /** Skip single damaged events, telling of each, instead of failing with DATA_CORRUPT. */
  readonly onDamaged?: (damaged: DamagedRange) => void
}

/** A range of positions whose bytes are damaged or missing. */
export interface DamagedRange {
  readonly from: Position
  readonly to: Position
  /** Segment file name and byte offset where the damage was found. */
  readonly where: string
  readonly reason: string
}

export type WriteState =
  | { readonly writable: true }
  | {
      readonly writable: false
      readonly reason: 'closed' | 'corrupt' | 'disk_full' | 'failed_sync' | 'lost_ownership'
      readonly detail: string
    }

export interface LogSize {
  /** As it is read, archived or not. */
  readonly bytes: number
  /** Of its files as they lie on the disk. */
  readonly diskBytes: number
}

export interface StoreStatus {
  readonly backend: string
  readonly head: Position
  /** First position still kept (1 unless retention removed older segments). */
  readonly first: Position
  readonly write: WriteState
  readonly damaged: readonly DamagedRange[]
  readonly queued: number
  readonly queuedBytes: number
  /** undefined on a backend that keeps nothing on a disk. */
  readonly size: LogSize | undefined
  /** What the backend alone knows: segments, last recovery, last scrub. Bounded, plain values, which nothing is decided by. */
  readonly details: Readonly<Record<string, string | number | boolean | null>>
}

export interface StreamInfo {
  readonly stream: string
  readonly revision: Revision
  readonly lastPosition: Position
}

export interface StreamsRequest {
  /** Globs on the names, OR-ed; all but `$…` without them. */
  readonly streams?: readonly string[]
  /** Globs of the streams the reader may see; AND-ed with `streams`. */
  readonly within?: readonly string[]
  /** Exclusive: the name to go on from. */
  readonly after?: string
  readonly limit?: number
}

export abstract class EventStore {
  /** Stores all events of the request or none; resolves only once they are durable. */
  abstract append(request: AppendRequest): Promise<Appended>
  /** Events up to the head at the time of the call, in position order (or its reverse). */
  abstract read(request: ReadRequest): AsyncIterable<RecordedEvent>
  /** One event by position or id; undefined when there is none. */
  abstract find(key: Position | string): Promise<RecordedEvent | undefined>
  /** The stream's head, or undefined when it has no events. */
  abstract stream(name: string): Promise<StreamInfo | undefined>
  /** Names of streams, each once, in the order of their UTF-16 code units, as of the head at the time of the call. */
  abstract streams(request: StreamsRequest): AsyncIterable<string>
  /** Last durable position; 0 when the store is empty. */
  abstract head(): Position
  /** Resolves with the head as soon as it is greater than `position`; rejects when the store closes or `signal` aborts. */
  abstract beyond(position: Position, signal?: AbortSignal): Promise<Position>
  abstract status(): StoreStatus
  /** Answers everything accepted, marks a clean stop, releases the lock. Idempotent. */
  abstract close(): Promise<void>
}
