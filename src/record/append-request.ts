// Checks, copies and encodes an append on arrival, while an earlier batch is being synced.
import { hash } from 'node:crypto'
import { checkAppend, checkAppendAround, SERVICE_AGENT } from '../contract/check/check-append.js'
import { envelopeBytes } from '../contract/envelope-bytes.js'
import { StoreError, tooLarge } from '../contract/errors.js'
import type { Author, NewEvent } from '../contract/event.js'
import type { AppendRequest } from '../contract/event-store.js'
import { LIMITS } from '../contract/limits.js'
import { NotJson, PackWriter, TooLong } from './codec/writer.js'
import { preconditionsText, spelledText } from './preconditions-text.js'
import { encodePayload, type Payload, some } from './record.js'

/** What the key of an append, and the hash beside it, take in the record of its first event. */
const KEYED_BYTES = 32

export interface PreparedAppend {
  readonly request: AppendRequest
  readonly payloads: readonly Payload[]
  /** Hash of what the client chose; undefined for an append without a key. */
  readonly requestHash: Uint8Array | undefined
  /**
   * The hash that was stored by versions that took every spelling of the same request for another one; undefined where
   * it would be no other.
   */
  readonly spelledHash: Uint8Array | undefined
  /** Never less than what it takes in a batch, and while it waits for one. */
  readonly bytes: number
}

/** Prepares requests, one after the other in one buffer. A getter in a request's data may append on its own and then gets another. */
export class AppendPreparer {
  private idle: PackWriter | undefined = new PackWriter()

  prepare(request: AppendRequest): PreparedAppend {
    const scratch = this.idle ?? new PackWriter()
    this.idle = undefined
    try {
      return prepareAppend(request, scratch)
    } finally {
      this.idle = scratch
    }
  }
}

/** Checks and encodes in one walk over the payloads. A refused append is walked again, to name all that is wrong. */
function prepareAppend(asked: unknown, scratch: PackWriter): PreparedAppend {
  try {
    checkAppendAround(asked)
    return encodeAppend(asked, scratch)
  } catch (error) {
    checkAppend(asked)
    if (error instanceof StoreError) throw error
    throw new StoreError('INVALID_EVENT', 'the request changed while it was read', { cause: error })
  }
}

function encodeAppend(asked: AppendRequest, scratch: PackWriter): PreparedAppend {
  const request = copyOf(asked)
  const { events } = asked
  const dataBytes: number[] = []
  const ends: number[] = []
  let payloadBytes = 0
  const mostKeys = request.author.agentId === SERVICE_AGENT ? Number.POSITIVE_INFINITY : LIMITS.eventKeys
  scratch.at = 0
  for (const event of events) {
    const from = scratch.at
    const ofData = encodeOrRefuse(scratch, event, ends.length, mostKeys)
    // The mark for no metadata is no part of what the client sent.
    const ofMetadata = event.metadata === undefined ? 0 : scratch.at - from - ofData
    refuseTooLarge(ends.length, ofData, ofMetadata)
    payloadBytes += ofData + ofMetadata
    if (payloadBytes > LIMITS.batchBytes) throw tooLarge('BATCH_TOO_LARGE', '/events', LIMITS.batchBytes)
    dataBytes.push(ofData)
    ends.push(scratch.at)
  }
  const bytes = Buffer.allocUnsafe(scratch.at)
  scratch.buffer.copy(bytes, 0, 0, scratch.at)
  const payloads = ends.map((to, at) => ({ bytes, from: ends[at - 1] ?? 0, to, dataBytes: dataBytes[at] as number }))
  const size = bytes.length + bytesBeside(request)
  if (request.key === undefined)
    return { request, payloads, requestHash: undefined, spelledHash: undefined, bytes: size }
  const text = preconditionsText(request)
  const spelled = spelledText(request)
  const requestHash = hashRequest(request, bytes, text, scratch)
  // Whether a list is empty or absent was told apart too.
  const isAlike = spelled === text && !request.events.some(hasEmptyList)
  const spelledHash = isAlike ? undefined : hashRequest(request, bytes, spelled, scratch, asIs)
  return { request, payloads, requestHash, spelledHash, bytes: size }
}

/** What the append takes beside its payloads. */
function bytesBeside({ events, author, key, expectations, condition }: AppendRequest): number {
  let bytes = key === undefined ? 0 : key.length + KEYED_BYTES
  for (const event of events) bytes += envelopeBytes(event, author)
  if (expectations !== undefined) for (const { stream } of expectations) bytes += ITEM_BYTES + stream.length
  if (condition !== undefined) {
    for (const { types, tags } of condition.failIfEventsMatch.items) bytes += bytesOf(types) + bytesOf(tags)
  }
  return bytes
}

/** An object in memory with a text in it. */
const ITEM_BYTES = 64

function bytesOf(list: readonly string[] | undefined): number {
  if (list === undefined) return ITEM_BYTES
  let bytes = ITEM_BYTES
  for (const text of list) bytes += ITEM_BYTES + text.length
  return bytes
}

function encodeOrRefuse(scratch: PackWriter, event: NewEvent, at: number, mostKeys: number): number {
  try {
    scratch.keys = 0
    const dataBytes = encodePayload(scratch, event)
    // `checkAppend` runs next and names the event.
    if (scratch.keys > mostKeys) throw new NotJson('too many keys')
    return dataBytes
  } catch (error) {
    if (error instanceof TooLong) throw tooLarge('EVENT_TOO_LARGE', `/events/${at}`, LIMITS.eventBytes)
    throw error
  }
}

function refuseTooLarge(at: number, ofData: number, ofMetadata: number): void {
  if (ofData + ofMetadata > LIMITS.eventBytes) throw tooLarge('EVENT_TOO_LARGE', `/events/${at}`, LIMITS.eventBytes)
  if (ofMetadata > LIMITS.metadataBytes)
    throw tooLarge('EVENT_TOO_LARGE', `/events/${at}/metadata`, LIMITS.metadataBytes)
}

/** Copies the request, because the caller may change its objects before it is decided. Payloads are encoded at once. */
function copyOf({ events, author, expectations, condition, key }: AppendRequest): AppendRequest {
  const { agentId, onBehalfOf, correlationId, traceparent } = author
  return {
    events: events.map(copyEvent),
    author: { agentId, onBehalfOf: onBehalfOf && [...onBehalfOf], correlationId, traceparent } as Author,
    ...(expectations === undefined ? undefined : { expectations: expectations.map(item => ({ ...item })) }),
    ...(condition === undefined ? undefined : { condition: structuredClone(condition) }),
    ...(key === undefined ? undefined : { key }),
  }
}

/** Takes the place of an encoded payload, because its small objects take fifty times the encoded size. */
const ENCODED = Object.freeze({ data: Object.freeze({}), metadata: undefined as never })

function copyEvent(event: NewEvent): NewEvent {
  return event.tags === undefined && event.parents === undefined ? { ...event, ...ENCODED } : copyLists(event)
}

function copyLists(event: NewEvent): NewEvent {
  const { tags, parents } = event
  return {
    ...event,
    ...ENCODED,
    ...(tags === undefined ? {} : { tags: [...tags] }),
    ...(parents === undefined ? {} : { parents: [...parents] }),
  }
}

const REQUEST_HASH_BYTES = 16

/** Two requests are the same when everything the client chose is the same, the order of keys included. */
function hashRequest(
  { events }: AppendRequest,
  payloads: Buffer,
  preconditions: string,
  scratch: PackWriter,
  listOf: (list: readonly string[] | undefined) => readonly string[] | undefined = some,
): Uint8Array {
  scratch.at = 0
  scratch.most = Number.POSITIVE_INFINITY
  for (const event of events) {
    const { type, stream, tags, schemaVersion, correlationId, causationId, sessionId, parents, occurredAt } = event
    const options = [
      listOf(tags),
      schemaVersion ?? 1,
      correlationId,
      causationId,
      sessionId,
      listOf(parents),
      occurredAt,
    ]
    scratch.value([type, stream, ...options.map(option => option ?? null)], 0)
  }
  scratch.raw(payloads)
  scratch.string(preconditions)
  return hash('sha256', scratch.buffer.subarray(0, scratch.at), 'buffer').subarray(0, REQUEST_HASH_BYTES)
}

function hasEmptyList({ tags, parents }: NewEvent): boolean {
  return tags?.length === 0 || parents?.length === 0
}

function asIs<T>(list: T): T {
  return list
}
