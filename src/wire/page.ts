// Writes events and the fields beside them as one answer, in JSON or MessagePack.
import type { RecordedEvent } from '../contract/event.js'
import { Turn } from '../contract/turns.js'
import { packedBy } from '../record/codec/writer.js'
import { eventJson } from './event-json.js'
import { writeEvent } from './event-msgpack.js'

/** Writes `{events: […], ...rest}`; fields of `rest` that are undefined are left out. */
export function pageOf(events: readonly RecordedEvent[], rest: object, form: 'json' | 'msgpack'): string | Buffer {
  return form === 'json' ? jsonPage(events, rest) : packedPage(events, rest as Readonly<Record<string, unknown>>)
}

/** The clock is read once for this many events. */
const EVENTS_A_LOOK = 64

/** As `pageOf`, but a long page in JSON is written in turns, so that it does not hold up the event loop. */
export function longPageOf(
  events: readonly RecordedEvent[],
  rest: object,
  form: 'json' | 'msgpack',
): string | Buffer | Promise<Buffer> {
  return form === 'json' && events.length > EVENTS_A_LOOK * 2 ? jsonInTurns(events, rest) : pageOf(events, rest, form)
}

/** The pieces are bytes, because text that is still being joined across a wait would outlive the young generation. */
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
