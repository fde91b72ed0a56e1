// One stored event as MessagePack: `encodeRecord` and `StoredEvent` are the two halves of docs/FORMAT.md's «Record».
import { type JsonObject, type NewEvent, Packed, type RecordedEvent, type SaidEvent } from '../contract/event.js'
import { formatId, formatTimestamp, type IdParts, parseId } from '../contract/event-id.js'
import { LIMITS } from '../contract/limits.js'
import { MalformedRecord, PackReader, unpackObject } from './codec/reader.js'
import { PackWriter } from './codec/writer.js'

const RECORD_FIELDS = 13

/** What the store adds to an event when it takes its place in the log. */
export interface Placement {
  readonly position: number
  readonly revision: number
  readonly timestampNs: bigint
  readonly sequence: number
  readonly nodeId: string
  readonly agentId: string
  readonly correlationId: string | undefined
  readonly onBehalfOf: readonly string[] | undefined
  readonly traceparent: string | undefined
  readonly keyed: Keyed | undefined
}

/** Stored with the first event of an append that had an idempotency key, so that a repetition is recognized later. */
export interface Keyed {
  readonly key: string
  readonly requestHash: Uint8Array
  readonly events: number
}

export function encodeRecord(writer: PackWriter, event: NewEvent, payload: Payload, placement: Placement): void {
  writer.arrayHeader(RECORD_FIELDS)
  writer.number(placement.position)
  writer.u64(placement.timestampNs)
  writer.number(placement.sequence)
  writer.string(placement.nodeId)
  writer.string(event.stream)
  writer.number(placement.revision)
  writer.string(event.type)
  writer.string(placement.agentId)
  writer.number(event.schemaVersion ?? 1)
  encodeOptions(writer, event, placement)
  writer.number(payload.dataBytes)
  writer.copy(payload.bytes, payload.from, payload.to)
}

/** `data` and `metadata` side by side: the part of the record that is encoded before the event has its place. */
export interface Payload {
  /** Shared by all payloads of an append. */
  readonly bytes: Buffer
  readonly from: number
  readonly to: number
  readonly dataBytes: number
}

/** Writes one payload behind what `scratch` holds; returns how many bytes its `data` takes. */
export function encodePayload(scratch: PackWriter, event: NewEvent): number {
  const from = scratch.at
  scratch.most = from + LIMITS.eventBytes
  encodeMap(scratch, event.data)
  const dataBytes = scratch.at - from
  if (event.metadata === undefined) scratch.nil()
  else encodeMap(scratch, event.metadata)
  return dataBytes
}

function encodeMap(writer: PackWriter, value: JsonObject | Packed): void {
  if (value instanceof Packed) {
    writer.raw(value.bytes)
    writer.keys += value.keys ?? 0
  } else writer.object(value as Record<string, unknown>)
}

const OPTIONS = 11

function encodeOptions(writer: PackWriter, event: NewEvent, placement: Placement): void {
  const { keyed } = placement
  const parents = some(event.parents)
  const onBehalfOf = some(placement.onBehalfOf)
  const count = optionCount(event, placement, parents, onBehalfOf)
  if (count === 0) {
    writer.nil()
    return
  }
  writer.arrayHeader(count)
  if (count > 0) strings(writer, some(event.tags))
  if (count > 1) text(writer, placement.correlationId)
  if (count > 2) text(writer, event.causationId)
  if (count > 3) text(writer, event.sessionId)
  if (count > 4) strings(writer, parents)
  if (count > 5) text(writer, event.occurredAt)
  if (count > 6) strings(writer, onBehalfOf)
  if (count > 7) text(writer, placement.traceparent)
  if (keyed === undefined) return
  writer.string(keyed.key)
  writer.binary(keyed.requestHash)
  writer.number(keyed.events)
}

/** Absent options at the end of the list are not written. */
function optionCount(event: NewEvent, placement: Placement, parents: unknown, onBehalfOf: unknown): number {
  if (placement.keyed !== undefined) return OPTIONS
  if (placement.traceparent !== undefined) return 8
  if (onBehalfOf !== undefined) return 7
  if (event.occurredAt !== undefined) return 6
  if (parents !== undefined) return 5
  if (event.sessionId !== undefined) return 4
  if (event.causationId !== undefined) return 3
  if (placement.correlationId !== undefined) return 2
  return some(event.tags) === undefined ? 0 : 1
}

/** A list without items says as little as none. */
export function some<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list
}

function text(writer: PackWriter, value: string | undefined): void {
  if (value === undefined) writer.nil()
  else writer.string(value)
}

function strings(writer: PackWriter, list: readonly string[] | undefined): void {
  if (list === undefined) writer.nil()
  else writer.strings(list)
}

/** What a copy of a record takes from the stored bytes, because the fields of the event do not say it. */
export interface Unsaid {
  readonly data?: Packed
  readonly metadata?: Packed
  readonly keyed?: Keyed | undefined
}

const PAYLOAD = new PackWriter()
const RECORD = new PackWriter()

/** Makes the record of an event from what its fields say. The id must be a valid one. */
export function recordSaidBy(event: SaidEvent, { data, metadata, keyed }: Unsaid = {}): Buffer {
  const said: NewEvent = { ...event, ...(data && { data }), ...(metadata && { metadata }) }
  PAYLOAD.at = 0
  RECORD.at = 0
  const dataBytes = encodePayload(PAYLOAD, said)
  const { position, revision, agentId, correlationId, onBehalfOf, traceparent } = event
  const placement = { position, revision, agentId, correlationId, onBehalfOf, traceparent, keyed }
  const id = parseId(event.id) as IdParts
  encodeRecord(RECORD, said, { bytes: PAYLOAD.buffer, from: 0, to: PAYLOAD.at, dataBytes }, { ...id, ...placement })
  return RECORD.since(0)
}

const NIL = 0xc0
const NO_TAGS: readonly string[] = Object.freeze([])

/** An event as read from the log. The payload stays MessagePack until `data` or `metadata` is read. */
export class StoredEvent implements RecordedEvent {
  readonly position: number
  readonly timestampNs: bigint
  readonly sequence: number
  readonly nodeId: string
  readonly stream: string
  readonly revision: number
  readonly type: string
  readonly agentId: string
  readonly schemaVersion: number
  tags: readonly string[] = NO_TAGS
  // Always present, though mostly undefined, because code that reads events of different shapes would be slower.
  correlationId: string = undefined as never
  causationId: string = undefined as never
  sessionId: string = undefined as never
  parents: readonly string[] = undefined as never
  occurredAt: string = undefined as never
  onBehalfOf: readonly string[] = undefined as never
  traceparent: string = undefined as never
  /** The idempotency key of the append whose first event this is. */
  keyed: Keyed | undefined = undefined
  private readonly dataFrom: number
  private readonly dataTo: number
  private decoded: readonly [JsonObject, JsonObject | undefined] | undefined = undefined

  /** `record` must be checked bytes that nobody changes afterwards; `digest` is their SHA-256 as latin1 text. */
  constructor(
    private readonly record: Buffer,
    private readonly digest: string,
  ) {
    const reader = new PackReader(record)
    reader.arrayHeader()
    this.position = reader.integer()
    this.timestampNs = reader.u64()
    this.sequence = reader.integer()
    this.nodeId = reader.string()
    this.stream = reader.string()
    this.revision = reader.integer()
    this.type = reader.string()
    this.agentId = reader.string()
    this.schemaVersion = reader.integer()
    if (!reader.nil()) this.readOptions(reader)
    const dataBytes = reader.integer()
    this.dataFrom = reader.at
    this.dataTo = reader.at + dataBytes
    if (this.dataTo >= record.length) throw new MalformedRecord('a record ends inside its data')
  }

  get id(): string {
    return formatId(this.timestampNs, this.sequence, this.nodeId)
  }

  get timestamp(): string {
    return formatTimestamp(this.timestampNs)
  }

  get checksum(): string {
    return Buffer.from(this.digest, 'latin1').toString('hex')
  }

  get data(): JsonObject {
    return this.decode()[0]
  }

  // May be undefined although the type says absent, because JSON leaves out both.
  get metadata(): JsonObject {
    return this.decode()[1] as JsonObject
  }

  packedData(): Uint8Array {
    return this.record.subarray(this.dataFrom, this.dataTo)
  }

  packedMetadata(): Uint8Array | undefined {
    return this.record[this.dataTo] === NIL ? undefined : this.record.subarray(this.dataTo)
  }

  packedBytes(): number {
    const { record, dataFrom, dataTo } = this
    return dataTo - dataFrom + (record[dataTo] === NIL ? 0 : record.length - dataTo)
  }

  exactBytes(): Uint8Array | undefined {
    if (this.keyed !== undefined) return this.record
    const said = JSON.parse(JSON.stringify(this)) as SaidEvent
    return recordSaidBy(said).equals(this.record) ? undefined : this.record
  }

  toJSON(): Record<string, unknown> {
    const { id, position, stream, revision, type, timestamp, agentId, schemaVersion, data, metadata, tags } = this
    const { correlationId, causationId, sessionId, parents, occurredAt, onBehalfOf, traceparent, checksum } = this
    return {
      id,
      position,
      stream,
      revision,
      type,
      timestamp,
      agentId,
      schemaVersion,
      data,
      metadata,
      tags,
      correlationId,
      causationId,
      sessionId,
      parents,
      occurredAt,
      onBehalfOf,
      traceparent,
      checksum,
    }
  }

  private decode(): readonly [JsonObject, JsonObject | undefined] {
    if (this.decoded === undefined) {
      const metadata = this.packedMetadata()
      const data = unpackObject(this.record.subarray(this.dataFrom, this.dataTo))
      this.decoded = [data, metadata === undefined ? undefined : unpackObject(metadata as Buffer)]
    }
    return this.decoded
  }

  private readOptions(reader: PackReader): void {
    const count = reader.arrayHeader()
    if (count > 0 && !reader.nil()) this.tags = reader.strings()
    if (count > 1 && !reader.nil()) this.correlationId = reader.string()
    if (count > 2 && !reader.nil()) this.causationId = reader.string()
    if (count > 3 && !reader.nil()) this.sessionId = reader.string()
    if (count > 4 && !reader.nil()) this.parents = reader.strings()
    if (count > 5 && !reader.nil()) this.occurredAt = reader.string()
    if (count > 6 && !reader.nil()) this.onBehalfOf = reader.strings()
    if (count > 7 && !reader.nil()) this.traceparent = reader.string()
    if (count < OPTIONS) return
    this.keyed = { key: reader.string(), requestHash: reader.binary(), events: reader.integer() }
  }
}
