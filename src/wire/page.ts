// Puts events and what belongs beside them into one answer, as JSON or MessagePack.
import type { RecordedEvent } from '../contract/event.js'
import { Turn } from '../contract/turns.js'
import { packedBy } from '../record/codec/writer.js'
import { eventJson } from './event-json.js'
import { writeEvent } from './event-msgpack.js'

/** `{events: […], ...rest}`; what is undefined in `rest` is left out. */
export function pageOf(events: readonly RecordedEvent[], rest: object, form: 'json' | 'msgpack'): string | Buffer {
  return form === 'json' ? jsonPage(events, rest) : packedPage(events, rest as Readonly<Record<string, unknown>>)
}

/** Events between two looks at the clock. */
const EVENTS_A_LOOK = 64

/** The same for pages of any length: those that take long to write in JSON take turns. */
export function longPageOf(
  events: readonly RecordedEvent[],
  rest: object,
  form: 'json' | 'msgpack',
): string | Buffer | Promise<Buffer> {
  return form === 'json' && events.length > EVENTS_A_LOOK * 2 ? jsonInTurns(events, rest) : pageOf(events, rest, form)
}

/** Bytes piece by piece: text that is still being joined when its writer has to wait outlives the young garbage it is made of. */
async function jsonInTurns(events: readonly RecordedEvent[], rest: object): Promise<Buffer> {
  const turn = new Turn()
  const pieces = [Buffer.from('{"events":[')]
  for (let from = 0; from < events.length; from += EVENTS_A_LOOK) {
    if (turn.isOver) await turn.next()
    pieces.push(Buffer.from(listed(events, from, Math.min(events.length, from + EVENTS_A_LOOK))))
  }
  pieces.push(Buffer.from(ending(rest)))
  return Buffer.concat(pieces)
}

function jsonPage(events: readonly RecordedEvent[], rest: object): string {
  return `{"events":[${listed(events, 0, events.length)}${ending(rest)}`
}

function listed(events: readonly RecordedEvent[], from: number, to: number): string {
  let text = ''
  for (let i = from; i < to; i++) {
    if (i > 0) text += ','
    text += eventJson(events[i] as RecordedEvent)
  }
  return text
}

function ending(rest: object): string {
  const beside = JSON.stringify(rest)
  return beside === '{}' ? ']}' : `],${beside.slice(1)}`
}

function packedPage(events: readonly RecordedEvent[], rest: Readonly<Record<string, unknown>>): Buffer {
  const names = Object.keys(rest).filter(name => rest[name] !== undefined)
  return packedBy(writer => {
    writer.mapHeader(1 + names.length)
    writer.string('events')
    writer.arrayHeader(events.length)
    for (const event of events) writeEvent(writer, event)
    for (const name of names) {
      writer.string(name)
      writer.anyValue(rest[name])
    }
  })
}
