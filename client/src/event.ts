// The types of an event: as a client appends it (NewEvent) and as the store keeps it (RecordedEvent).

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** The number of an event in the whole log: dense, from 1. 0 means «before the first event». */
/** Positions, both inclusive, that cannot be read because what is stored there is damaged. */
export interface DamagedRange {
  readonly from: Position
  readonly to: Position
  readonly reason: string
}

export type Position = number

/** The number of an event in its stream: dense, from 0. */
export type Revision = number

/** The revision a stream must have for an append to be accepted; `any` accepts every revision. */
export type ExpectedRevision = Revision | 'any' | 'none' | 'exists'

/** The part of an event that an application defines; a union of these lists all its types of events. */
export interface EventShape {
  readonly type: string
  readonly data: object
}

/** The shape of events for callers that have declared none of their own. */
export interface AnyEvent extends EventShape {
  readonly data: JsonObject
}

interface Details {
  readonly metadata?: object | undefined
  readonly tags?: readonly string[] | undefined
  /** The version of the shape of `data`, from 1. */
  readonly schemaVersion?: number | undefined
  /** An event without one gets the correlation id of the call. */
  readonly correlationId?: string | undefined
  /** Usually the id of the event that caused this one. */
  readonly causationId?: string | undefined
  readonly sessionId?: string | undefined
  /** The ids of further direct causes. */
  readonly parents?: readonly string[] | undefined
  /** RFC 3339. It is stored but never used for order, because only the position orders events. */
  readonly occurredAt?: string | undefined
}

/** An event without its stream, which is named beside it. */
export type StreamEvent<S extends EventShape = EventShape> = S extends EventShape
  ? Details & { readonly type: S['type']; readonly data: S['data'] }
  : never

export type NewEvent<S extends EventShape = EventShape> = StreamEvent<S> & { readonly stream: string }

interface Recorded {
  /** `{timestamp_ns}_{sequence}_{node_id}`; ids rise with the position. */
  readonly id: string
  readonly position: Position
  readonly stream: string
  readonly revision: Revision
  /** RFC 3339 with nine decimals, in UTC. */
  readonly timestamp: string
  /** The agent that wrote the event, as its token named it. */
  readonly agentId: string
  readonly onBehalfOf?: readonly string[]
  readonly schemaVersion: number
  readonly metadata?: JsonObject
  readonly tags: readonly string[]
  readonly correlationId?: string
  readonly causationId?: string
  readonly sessionId?: string
  readonly parents?: readonly string[]
  readonly occurredAt?: string
  readonly traceparent?: string
  /** The SHA-256 of the stored bytes, in hex. */
  readonly checksum: string
}

/**
 * With a union of shapes, the compiler narrows `data` by `event.type`. Nothing is checked at run time, so an event that
 * does not have the declared shape is returned as it is.
 */
export type RecordedEvent<S extends EventShape = AnyEvent> = S extends EventShape
  ? Recorded & { readonly type: S['type']; readonly data: S['data'] }
  : never
