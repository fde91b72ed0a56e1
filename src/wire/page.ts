// Puts events and what belongs beside them into one answer, as JSON or MessagePack.
import type { RecordedEvent } from '../contract/event.js'
import { eventJson } from './event-json.js'
import { writeEvent } from './event-msgpack.js'
import { packedBy } from './message-pack-writer.js'

/** `{events: […], ...rest}`; what is undefined in `rest` is left out. */
export function pageOf(events: readonly RecordedEvent[], rest: object, form: 'json' | 'msgpack'): string | Buffer {
  return form === 'json' ? jsonPage(events, rest) : packedPage(events, rest as Readonly<Record<string, unknown>>)
}

function jsonPage(events: readonly RecordedEvent[], rest: object): string {
  let text = '{"events":['
  for (let i = 0; i < events.length; i++) {
    if (i > 0) text += ','
    text += eventJson(events[i] as RecordedEvent)
  }
  const beside = JSON.stringify(rest)
  return beside === '{}' ? `${text}]}` : `${text}],${beside.slice(1)}`
}

function packedPage(events: readonly RecordedEvent[], rest: Readonly<Record<string, unknown>>): Buffer {
  const names = Object.keys(rest).filter(name => rest[name] !== undefined)
  return packedBy(writer => {
    writer.mapHead(1 + names.length)
    writer.text('events')
    writer.arrayHead(events.length)
    for (const event of events) writeEvent(writer, event)
    for (const name of names) {
      writer.text(name)
      writer.value(rest[name])
    }
  })
}
