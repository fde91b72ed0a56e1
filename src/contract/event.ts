// What an event is: as a client sends it (NewEvent) and as the store keeps it (RecordedEvent).

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** Global place in the log: dense, from 1. 0 stands for «before the first event». */
export type Position = number
/** Place within one stream: dense, from 0. -1 stands for «the stream has no events». */
export type Revision = number

/** What is wrong with the bytes of a payload, and at which offset. */
export interface PackedFault {
  readonly reason: string
  readonly offset: number
}

/**
 * A payload that is encoded already. The store writes these bytes as they are and never decodes them;
 * `record/codec/scan.ts` proves that they are what they must be.
 */
export abstract class Packed {
  /** `keys` is the number of keys in the bytes; it is known only where the bytes have been proved. */
  constructor(
    readonly bytes: Uint8Array,
    readonly keys?: number,
  ) {}

  /** How many keys the bytes hold, at most `mostKeys`, or what is wrong with them. */
  abstract count(mostKeys: number): number | PackedFault
}

export interface NewEvent {
  readonly type: string
  readonly stream: string
  readonly data: JsonObject | Packed
  readonly metadata?: JsonObject | Packed
  readonly tags?: readonly string[]
  readonly schemaVersion?: number
  readonly correlationId?: string
  readonly causationId?: string
  readonly sessionId?: string
  readonly parents?: readonly string[]
  readonly occurredAt?: string
}

/** Who appends, from the token and the request, never from the body. */
export interface Author {
  readonly agentId: string
  readonly onBehalfOf?: readonly string[]
  readonly correlationId?: string
  readonly traceparent?: string
}

export interface RecordedEvent {
  readonly id: string
  readonly position: Position
  readonly stream: string
  readonly revision: Revision
  readonly type: string
  /** RFC 3339 with nine decimals: the hybrid logical clock's reading in `id`. */
  readonly timestamp: string
  readonly agentId: string
  readonly schemaVersion: number
  readonly data: JsonObject
  readonly metadata?: JsonObject
  readonly tags: readonly string[]
  readonly correlationId?: string
  readonly causationId?: string
  readonly sessionId?: string
  readonly parents?: readonly string[]
  readonly occurredAt?: string
  readonly onBehalfOf?: readonly string[]
  readonly traceparent?: string
  /** Hex SHA-256 of the stored bytes of this event. */
  readonly checksum: string
  /** `data` and `metadata` as stored MessagePack, so that they can be passed on without decoding. */
  packedData(): Uint8Array
  packedMetadata(): Uint8Array | undefined
  /** The bytes of both together. */
  packedBytes(): number
  /**
   * The stored bytes that `checksum` is of, where they hold more than the fields here say: a key, or a payload in
   * another spelling of MessagePack. Undefined where the fields make the same bytes again. A backend that nobody copies
   * leaves it out.
   */
  exactBytes?(): Uint8Array | undefined
}

/** The fields of an event without its bytes, as they are read from the lines of an export. */
export type SaidEvent = Omit<RecordedEvent, 'packedData' | 'packedMetadata' | 'packedBytes' | 'exactBytes'>
