// Event frames as bytes: the event is encoded once for each form, and put into the envelope of whoever gets it. Pure.
import type { Position, RecordedEvent } from '../contract/event.js'
import { packedBy } from '../record/codec/writer.js'
import { eventJson } from './event-json.js'
import { eventMessagePack } from './event-msgpack.js'

/** How frames are written on a connection. */
export type FrameForm = 'json' | 'msgpack'

export interface Envelope {
  /** Equal for envelopes that make equal frames. */
  readonly key: string
  readonly form: FrameForm
  wrap(event: Buffer, position: Position): Buffer
}

export function eventBytes(event: RecordedEvent, form: FrameForm): Buffer {
  return form === 'json' ? Buffer.from(eventJson(event)) : eventMessagePack(event)
}

const JSON_END = Buffer.from('}')

/** The frame `event` of a subscription. */
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

/** The frame `event` as a server-sent event, whose id is its position. */
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
