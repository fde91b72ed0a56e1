// Writes a recorded event as MessagePack, its payloads as the bytes that are stored.
import type { RecordedEvent } from '../contract/event.js'
import { type MessagePackWriter, packedBy } from './message-pack-writer.js'

export function eventMessagePack(event: RecordedEvent): Buffer {
  return packedBy(writer => writeEvent(writer, event))
}

const ALWAYS = ['id', 'position', 'stream', 'revision', 'type', 'timestamp', 'agentId'] as const
const SOMETIMES = ['correlationId', 'causationId', 'sessionId', 'parents', 'occurredAt', 'traceparent'] as const

/** In the contract's order of fields; those the event does not have are left out. */
export function writeEvent(writer: MessagePackWriter, event: RecordedEvent): void {
  const metadata = event.packedMetadata()
  writer.mapHead(countFields(event, metadata))
  for (const name of ALWAYS) writeField(writer, name, event[name])
  if (event.onBehalfOf !== undefined) writeField(writer, 'onBehalfOf', event.onBehalfOf)
  writeField(writer, 'schemaVersion', event.schemaVersion)
  writeField(writer, 'tags', event.tags)
  for (const name of SOMETIMES) {
    const value = event[name]
    if (value !== undefined) writeField(writer, name, value)
  }
  writeField(writer, 'checksum', event.checksum)
  writer.text('data')
  writer.packed(event.packedData())
  if (metadata === undefined) return
  writer.text('metadata')
  writer.packed(metadata)
}

function countFields(event: RecordedEvent, metadata: Uint8Array | undefined): number {
  let count = ALWAYS.length + 4
  if (event.onBehalfOf !== undefined) count++
  if (metadata !== undefined) count++
  for (const name of SOMETIMES) if (event[name] !== undefined) count++
  return count
}

function writeField(writer: MessagePackWriter, name: string, value: unknown): void {
  writer.text(name)
  writer.value(value)
}
