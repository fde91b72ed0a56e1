// What an event is to a client: as it is appended (NewEvent) and as the store keeps it (RecordedEvent).

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** Global place in the log: dense, from 1. 0 stands for «before the first event». */
export type Position = number

/** Place within one stream: dense, from 0. */
export type Revision = number

/** Where a stream must stand for an append to be taken; `any` expects nothing. */
export type ExpectedRevision = Revision | 'any' | 'none' | 'exists'

/** The part of an event that an application defines. A union of these is an application's vocabulary. */
export interface EventShape {
  readonly type: string
  readonly data: object
}

/** What is known of an event whose shape nobody has told. */
export interface AnyEvent extends EventShape {
  readonly data: JsonObject
}

interface Details {
  readonly metadata?: object | undefined
  readonly tags?: readonly string[] | undefined
  /** Of the shape of `data`, from 1. */
  readonly schemaVersion?: number | undefined
  /** Without one the event gets the correlation id of the call. */
  readonly correlationId?: string | undefined
  /** Normally the id of the event that caused this one. */
  readonly causationId?: string | undefined
  readonly sessionId?: string | undefined
  /** Ids of further direct causes. */
  readonly parents?: readonly string[] | undefined
  /** RFC 3339. Kept, never used for order. */
  readonly occurredAt?: string | undefined
}

/** An event for a stream that is named beside it. */
export type StreamEvent<S extends EventShape = EventShape> = S extends EventShape
  ? Details & { readonly type: S['type']; readonly data: S['data'] }
  : never

export type NewEvent<S extends EventShape = EventShape> = StreamEvent<S> & { readonly stream: string }

interface Recorded {
  /** `{timestamp_ns}_{sequence}_{node_id}`, rising with the position. */
  readonly id: string
  readonly position: Position
  readonly stream: string
  readonly revision: Revision
  /** RFC 3339 with nine decimals. */
  readonly timestamp: string
  /** Who wrote it, from the token. */
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
  /** Hex SHA-256 of the stored bytes. */
  readonly checksum: string
}

/** With a union of shapes, `event.type` tells the compiler which `data` it has. Nothing is checked when it is read. */
export type RecordedEvent<S extends EventShape = AnyEvent> = S extends EventShape
  ? Recorded & { readonly type: S['type']; readonly data: S['data'] }
  : never
