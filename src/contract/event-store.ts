// The port every backend implements, and the Nest token under which it is injected.
import type { Condition } from './condition.js'
import type { StoreError } from './errors.js'
import type { Author, NewEvent, Position, RecordedEvent, Revision } from './event.js'
import type { ExpectedRevision } from './expected-revision.js'
import type { EventFilter } from './filter.js'
import type { Lineage } from './lineage.js'

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

/** What the service says of an append. It stands beside the request, so that no client can say it. */
export interface AppendTerms {
  /** The append goes before all that wait, in a batch of its own. */
  readonly urgent?: true
  /** No mode of the service refuses the append. */
  readonly inEveryMode?: true
  /**
   * The mode of the service forbids the append: it gets this error. Only a repetition of a stored append still gets its
   * first answer, because it must not be called rejected.
   */
  readonly refusal?: StoreError
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
  /** True when the key had been used before: this is then the answer to the first request. */
  readonly duplicate: boolean
  readonly durability: 'fsync' | 'quorum' | 'memory'
}

export interface ReadRequest {
  readonly filter?: EventFilter
  /** `after` and `before` are exclusive. */
  readonly after?: Position
  readonly before?: Position
  /** `since` is inclusive and `until` exclusive, in nanoseconds since 1970 or RFC 3339. */
  readonly since?: string | bigint
  readonly until?: string | bigint
  readonly order?: 'asc' | 'desc'
  readonly limit?: number
  /** Skips damaged events and is called with each range, instead of failing with DATA_CORRUPT. */
  readonly onDamaged?: (damaged: DamagedRange) => void
}

/** A range of positions, both inclusive, whose bytes are damaged or missing. */
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
  /** Bytes of the log as it is read, whether it is archived or not. */
  readonly bytes: number
  /** Bytes of its files on the disk. */
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
  /** Undefined on a backend that keeps nothing on a disk. */
  readonly size: LogSize | undefined
  /**
   * Facts that only the backend knows: segments, last recovery, last scrub. Plain values, bounded in number; nothing
   * may be decided by them.
   */
  readonly details: Readonly<Record<string, string | number | boolean | null>>
}

export interface StreamInfo {
  readonly stream: string
  readonly revision: Revision
  readonly lastPosition: Position
}

export interface StreamsRequest {
  /** Globs on the names, OR-ed; without them, all streams but `$…`. */
  readonly streams?: readonly string[]
  /** Globs of the streams the reader may see; AND-ed with `streams`. */
  readonly within?: readonly string[]
  /** Exclusive: the list begins behind this name. */
  readonly after?: string
  readonly limit?: number
}

export abstract class EventStore {
  /** Stores all events of the request or none; resolves only once they are durable. */
  abstract append(request: AppendRequest, terms?: AppendTerms): Promise<Appended>
  /** Events up to the head at the time of the call, in position order (or its reverse). */
  abstract read(request: ReadRequest): AsyncIterable<RecordedEvent>
  /** One event by position or id; undefined when there is none. */
  abstract find(key: Position | string): Promise<RecordedEvent | undefined>
  /** The stream's head, or undefined when it never had events. */
  abstract stream(name: string): Promise<StreamInfo | undefined>
  /** Names of streams, each once, in the order of their UTF-16 code units, as of the head at the time of the call. */
  abstract streams(request: StreamsRequest): AsyncIterable<string>
  /** Last durable position; 0 when the store is empty. */
  abstract head(): Position
  /** Resolves with the head as soon as it is greater than `position`; rejects when the store closes or `signal` aborts. */
  abstract beyond(position: Position, signal?: AbortSignal): Promise<Position>
  abstract status(): StoreStatus

  /** Which log this is. It does not change while the store is open. */
  abstract lineage(): Lineage

  /** Whether this process still owns the log. Each call looks at the disk, and waits for it. */
  abstract owned(): boolean
  /** Answers every accepted append, marks a clean stop and releases the lock. Idempotent. */
  abstract close(): Promise<void>
}
