// Checks, copies and encodes an append on arrival, while an earlier batch is being synced.
import { hash } from 'node:crypto'
import { checkAppend, checkAppendAround, SERVICE_AGENT } from '../contract/check/check-append.js'
import { StoreError, tooLarge } from '../contract/errors.js'
import type { Author, NewEvent } from '../contract/event.js'
import type { AppendRequest } from '../contract/event-store.js'
import { LIMITS } from '../contract/limits.js'
import { NotJson, PackWriter, TooLong } from './codec/writer.js'
import { encodePayload, type Payload } from './record.js'

/** Stands in for the fields beside each payload, which are not encoded yet. Long tags or parents take more. */
const ENVELOPE_BYTES = 512

export interface PreparedAppend {
  readonly request: AppendRequest
  readonly payloads: readonly Payload[]
  /** Hash of what the client chose; undefined for an append without a key. */
  readonly requestHash: Uint8Array | undefined
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
  const mostKeys = request.author.agentId === SERVICE_AGENT ? Number.POSITIVE_INFINITY : LIMITS.eventKeys
  scratch.at = 0
  for (const event of events) {
    const from = scratch.at
    dataBytes.push(encodeOrRefuse(scratch, event, ends.length, mostKeys))
    ends.push(scratch.at)
    refuseTooLarge(ends.length - 1, { payload: scratch.at - from, data: dataBytes.at(-1) as number, batch: scratch.at })
  }
  const bytes = Buffer.allocUnsafe(scratch.at)
  scratch.buffer.copy(bytes, 0, 0, scratch.at)
  const payloads = ends.map((to, at) => ({ bytes, from: ends[at - 1] ?? 0, to, dataBytes: dataBytes[at] as number }))
  const requestHash = request.key === undefined ? undefined : hashRequest(request, bytes, scratch)
  return { request, payloads, requestHash, bytes: bytes.length + events.length * ENVELOPE_BYTES }
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

function refuseTooLarge(
  at: number,
  size: { readonly payload: number; readonly data: number; readonly batch: number },
): void {
  if (size.payload > LIMITS.eventBytes) throw tooLarge('EVENT_TOO_LARGE', `/events/${at}`, LIMITS.eventBytes)
  if (size.payload - size.data > LIMITS.metadataBytes)
    throw tooLarge('EVENT_TOO_LARGE', `/events/${at}/metadata`, LIMITS.metadataBytes)
  if (size.batch > LIMITS.batchBytes) throw tooLarge('BATCH_TOO_LARGE', '/events', LIMITS.batchBytes)
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
function hashRequest(request: AppendRequest, payloads: Buffer, scratch: PackWriter): Uint8Array {
  scratch.at = 0
  scratch.most = Number.POSITIVE_INFINITY
  for (const event of request.events) {
    const { type, stream, tags, schemaVersion, correlationId, causationId, sessionId, parents, occurredAt } = event
    const options = [tags, schemaVersion ?? 1, correlationId, causationId, sessionId, parents, occurredAt]
    scratch.value([type, stream, ...options.map(option => option ?? null)], 0)
  }
  scratch.raw(payloads)
  const { expectations, condition } = request
  scratch.string(JSON.stringify([expectations ?? [], condition]))
  return hash('sha256', scratch.buffer.subarray(0, scratch.at), 'buffer').subarray(0, REQUEST_HASH_BYTES)
}
