// What an event is: as a client sends it (NewEvent) and as the store keeps it (RecordedEvent).

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** Global place in the log: dense, from 1. 0 stands for «before the first event». */
export type Position = number
/** Place within one stream: dense, from 0. -1 stands for «the stream has no events». */
export type Revision = number

/** What is wrong with the bytes of a payload, and at which of them. */
export interface PackedFault {
  readonly reason: string
  readonly offset: number
}

/**
 * A payload that is encoded already. The store writes these bytes as they are and never decodes them; what they have to
 * be is known to who encodes payloads (`record/codec/scan.ts`).
 */
export abstract class Packed {
  /** `keys` is how many they hold: known where the bytes have been proved to be what they must be. */
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
  /** `data` and `metadata` as stored MessagePack, for whoever passes them on undecoded. */
  packedData(): Uint8Array
  packedMetadata(): Uint8Array | undefined
  /** The bytes of both together. */
  packedBytes(): number
  /**
   * The stored bytes that `checksum` is of, where they hold more than the fields here say: a key, or a payload in another
   * spelling of MessagePack. Undefined where the fields make them again. A backend that nobody copies has none.
   */
  exactBytes?(): Uint8Array | undefined
}

/** What an event says of itself in words, without its bytes: as it is read from lines. */
export type SaidEvent = Omit<RecordedEvent, 'packedData' | 'packedMetadata' | 'packedBytes' | 'exactBytes'>
