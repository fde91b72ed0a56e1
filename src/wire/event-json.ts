// Writes a recorded event as JSON text, in the contract's order of fields.
import type { RecordedEvent } from '../contract/event.js'

const { stringify } = JSON

export function eventJson(event: RecordedEvent): string {
  const { onBehalfOf, correlationId, causationId, sessionId, parents, occurredAt, traceparent, metadata } = event
  // These values need no escape: ids, times and checksums are made here, names of streams and types are checked.
  let text = `{"id":"${event.id}","position":${event.position},"stream":"${event.stream}","revision":${event.revision}`
  text += `,"type":"${event.type}","timestamp":"${event.timestamp}","agentId":${stringify(event.agentId)}`
  if (onBehalfOf !== undefined) text += `,"onBehalfOf":${stringify(onBehalfOf)}`
  text += `,"schemaVersion":${event.schemaVersion},"tags":${stringify(event.tags)}`
  if (correlationId !== undefined) text += `,"correlationId":${stringify(correlationId)}`
  if (causationId !== undefined) text += `,"causationId":${stringify(causationId)}`
  if (sessionId !== undefined) text += `,"sessionId":${stringify(sessionId)}`
  if (parents !== undefined) text += `,"parents":${stringify(parents)}`
  if (occurredAt !== undefined) text += `,"occurredAt":"${occurredAt}"`
  if (traceparent !== undefined) text += `,"traceparent":${stringify(traceparent)}`
  text += `,"checksum":"${event.checksum}","data":${stringify(event.data)}`
  if (metadata !== undefined) text += `,"metadata":${stringify(metadata)}`
  return `${text}}`
}
