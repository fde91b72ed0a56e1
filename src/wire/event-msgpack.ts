// Writes a recorded event as MessagePack; its payloads are copied as the bytes that are stored.
import type { RecordedEvent } from '../contract/event.js'
import { type PackWriter, packedBy } from '../record/codec/writer.js'

export function eventMessagePack(event: RecordedEvent): Buffer {
  return packedBy(writer => writeEvent(writer, event))
}

/** The number of fields that every event has; the map header must count the optional ones beside them. */
const FIELDS = 11

/** Writes the fields in the contract's order; fields that the event does not have are left out. */
export function writeEvent(writer: PackWriter, event: RecordedEvent): void {
  const { onBehalfOf, correlationId, causationId, sessionId, parents, occurredAt, traceparent } = event
  const metadata = event.packedMetadata()
  let fields = FIELDS + given(onBehalfOf) + given(correlationId) + given(causationId) + given(sessionId)
  fields += given(parents) + given(occurredAt) + given(traceparent) + given(metadata)
  writer.mapHeader(fields)
  putText(writer, 'id', event.id)
  putNumber(writer, 'position', event.position)
  putText(writer, 'stream', event.stream)
  putNumber(writer, 'revision', event.revision)
  putText(writer, 'type', event.type)
  putText(writer, 'timestamp', event.timestamp)
  putText(writer, 'agentId', event.agentId)
  putTexts(writer, 'onBehalfOf', onBehalfOf)
  putNumber(writer, 'schemaVersion', event.schemaVersion)
  putTexts(writer, 'tags', event.tags)
  putText(writer, 'correlationId', correlationId)
  putText(writer, 'causationId', causationId)
  putText(writer, 'sessionId', sessionId)
  putTexts(writer, 'parents', parents)
  putText(writer, 'occurredAt', occurredAt)
  putText(writer, 'traceparent', traceparent)
  putText(writer, 'checksum', event.checksum)
  putPacked(writer, 'data', event.packedData())
  putPacked(writer, 'metadata', metadata)
}

function given(value: unknown): 0 | 1 {
  return value === undefined ? 0 : 1
}

function putNumber(writer: PackWriter, name: string, value: number): void {
  writer.string(name)
  writer.number(value)
}

function putText(writer: PackWriter, name: string, value: string | undefined): void {
  if (value === undefined) return
  writer.string(name)
  writer.string(value)
}

function putTexts(writer: PackWriter, name: string, value: readonly string[] | undefined): void {
  if (value === undefined) return
  writer.string(name)
  writer.strings(value)
}

function putPacked(writer: PackWriter, name: string, value: Uint8Array | undefined): void {
  if (value === undefined) return
  writer.string(name)
  writer.raw(value)
}
