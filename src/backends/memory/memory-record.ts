// How the memory backend turns a new event into a recorded one, and a request into the fingerprint of its key.
import { createHash } from 'node:crypto'
import { tooLarge } from '../../contract/errors.js'
import { type Author, type JsonObject, type NewEvent, Packed, type RecordedEvent } from '../../contract/event.js'
import { formatId, formatTimestamp } from '../../contract/event-id.js'
import type { AppendRequest } from '../../contract/event-store.js'
import type { ClockReading } from '../../contract/hybrid-clock.js'
import { LIMITS } from '../../contract/limits.js'
import { unpack } from '../../record/codec/reader.js'
import { preconditionsText } from '../../record/preconditions-text.js'
import { keepCopy, withoutAbsent } from './keep-copy.js'
import { packJson } from './pack-json.js'

export interface MemoryPayload {
  readonly value: JsonObject
  readonly bytes: Uint8Array
}

/** A new event whose payload is copied, decoded and packed. */
export interface Draft {
  readonly event: NewEvent
  readonly data: MemoryPayload
  readonly metadata: MemoryPayload | undefined
}

export interface MemoryPlace extends ClockReading {
  readonly nodeId: string
  readonly position: number
  readonly revision: number
}

function payloadOf(payload: JsonObject | Packed): MemoryPayload {
  if (payload instanceof Packed) {
    const bytes = payload.bytes.slice()
    return { value: keepCopy(unpack(bytes)), bytes }
  }
  const value = keepCopy(payload)
  return { value, bytes: packJson(value) }
}

export function memoryBytesOf({ data, metadata }: Pick<Draft, 'data' | 'metadata'>): number {
  return data.bytes.length + (metadata?.bytes.length ?? 0)
}

/** Packs the payloads and checks their limits in bytes, because only packing tells the exact number. */
export function draftsOf(request: AppendRequest): Draft[] {
  const drafts = request.events.map((event, i) => {
    const metadata = event.metadata === undefined ? undefined : payloadOf(event.metadata)
    const draft = { event, data: payloadOf(event.data), metadata }
    if ((metadata?.bytes.length ?? 0) > LIMITS.metadataBytes) {
      throw tooLarge('EVENT_TOO_LARGE', `/events/${i}/metadata`, LIMITS.metadataBytes)
    }
    if (memoryBytesOf(draft) > LIMITS.eventBytes) throw tooLarge('EVENT_TOO_LARGE', `/events/${i}`, LIMITS.eventBytes)
    return draft
  })
  if (drafts.reduce((sum, draft) => sum + memoryBytesOf(draft), 0) > LIMITS.batchBytes) {
    throw tooLarge('BATCH_TOO_LARGE', '/events', LIMITS.batchBytes)
  }
  return drafts
}

export function recordOf({ event, data, metadata }: Draft, author: Author, place: MemoryPlace): RecordedEvent {
  const hash = createHash('sha256').update(data.bytes)
  if (metadata !== undefined) hash.update(metadata.bytes)
  return Object.freeze({
    ...withoutAbsent({
      id: formatId(place.timestampNs, place.sequence, place.nodeId),
      position: place.position,
      stream: event.stream,
      revision: place.revision,
      type: event.type,
      timestamp: formatTimestamp(place.timestampNs),
      agentId: author.agentId,
      schemaVersion: event.schemaVersion ?? 1,
      data: data.value,
      metadata: metadata?.value,
      tags: keepCopy(event.tags ?? []),
      correlationId: event.correlationId ?? author.correlationId,
      causationId: event.causationId,
      sessionId: event.sessionId,
      parents: event.parents && keepCopy(event.parents),
      occurredAt: event.occurredAt,
      onBehalfOf: author.onBehalfOf && keepCopy(author.onBehalfOf),
      traceparent: author.traceparent,
      checksum: hash.digest('hex'),
    }),
    // Bytes cannot be frozen, so every caller gets a copy of its own.
    packedData: () => data.bytes.slice(),
    packedMetadata: () => metadata?.bytes.slice(),
    packedBytes: () => data.bytes.length + (metadata?.bytes.length ?? 0),
  }) as RecordedEvent
}

/**
 * Two requests are the same when these texts are equal. The order of keys counts. Whether a payload came packed does
 * not, and neither does the author, because a key belongs to an agent anyway.
 */
export function fingerprintOf(request: AppendRequest, drafts: readonly Draft[]): string {
  const events = drafts.map(({ event, data, metadata }) => [
    [event.type, event.stream, event.schemaVersion ?? 1, event.tags ?? [], event.parents ?? []],
    [event.correlationId, event.causationId, event.sessionId, event.occurredAt],
    Buffer.from(data.bytes).toString('base64'),
    metadata === undefined ? null : Buffer.from(metadata.bytes).toString('base64'),
  ])
  return JSON.stringify([events, preconditionsText(request)])
}
