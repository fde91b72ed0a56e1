// Writes event frames as bytes, encoding the event once per form for all its receivers. Pure.
import type { Position, RecordedEvent } from '../contract/event.js'
import { packedBy } from '../record/codec/writer.js'
import { eventJson } from './event-json.js'
import { eventMessagePack } from './event-msgpack.js'

export type FrameForm = 'json' | 'msgpack'

export interface Envelope {
  /** Envelopes with equal keys make equal frames, so a frame can be shared between them. */
  readonly key: string
  readonly form: FrameForm
  wrap(event: Buffer, position: Position): Buffer
}

export function eventBytes(event: RecordedEvent, form: FrameForm): Buffer {
  return form === 'json' ? Buffer.from(eventJson(event)) : eventMessagePack(event)
}

const JSON_END = Buffer.from('}')

export function subscriptionEnvelope(form: FrameForm, id: string): Envelope {
  const key = `${form} ${id}`
  if (form === 'json') {
    const head = Buffer.from(`{"type":"event","id":${JSON.stringify(id)},"event":`)
    return { key, form, wrap: event => Buffer.concat([head, event, JSON_END]) }
  }
  const head = packedBy(writer => {
    writer.mapHeader(3)
    for (const text of ['type', 'event', 'id', id, 'event']) writer.anyValue(text)
  })
  return { key, form, wrap: event => Buffer.concat([head, event]) }
}

/** The id of the server-sent event is its position, so that Last-Event-ID says where to go on. */
export const sseEnvelope: Envelope = {
  key: 'sse',
  form: 'json',
  wrap: (event, position) =>
    Buffer.concat([
      Buffer.from(`id: ${position}\nevent: event\ndata: {"type":"event","event":`),
      event,
      Buffer.from('}\n\n'),
    ]),
}
