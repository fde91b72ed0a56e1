// What an event is: as a client sends it (NewEvent) and as the store keeps it (RecordedEvent).

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** Global place in the log: dense, from 1. 0 stands for «before the first event». */
export type Position = number
/** Place within one stream: dense, from 0. -1 stands for «the stream has no events». */
export type Revision = number

/**
 * One MessagePack map, already encoded. The store writes these bytes as they are and never decodes them.
 * Whoever has to walk them anyway makes it with `checkedPacked`; others are checked when they are appended.
 */
export class Packed {
  /** How many keys it holds, when that is known already. */
  keys: number | undefined

  constructor(readonly bytes: Uint8Array) {}

  get isChecked(): boolean {
    return this.keys !== undefined
  }
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
  /**
   * The stored bytes that `checksum` is of, where they hold more than the fields here say: a key, or a payload in another
   * spelling of MessagePack. Undefined where the fields make them again. A backend that nobody copies has none.
   */
  exactBytes?(): Uint8Array | undefined
}

/** What an event says of itself in words, without its bytes: as it is read from lines. */
export type SaidEvent = Omit<RecordedEvent, 'packedData' | 'packedMetadata' | 'exactBytes'>
