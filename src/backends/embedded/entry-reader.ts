// Proves stored events: the bytes have the hash they were stored with and are the event that was wanted.
import type { ClockReading } from '../../contract/hybrid-clock.js'
import type { TextBuffer } from '../../record/codec/cursor.js'
import { MalformedRecord, PackReader } from '../../record/codec/reader.js'
import { StoredEvent } from '../../record/record.js'
import { digest, ENTRY_HEAD_BYTES } from './engine/format/frame.js'
import type { ReadableLog } from './engine/readable-log.js'
import type { Segment } from './engine/segment/sealed-segment.js'
import { KIND } from './terms.js'

/** Where an index says that an event lies, as byte offsets in its segment. It is not proven. */
export interface EntryPlace {
  readonly position: number
  readonly offset: number
  readonly end: number
}

/** The bytes at this place are not the event that should be there. */
export class DamagedEvent extends Error {
  override readonly name = 'DamagedEvent'

  constructor(readonly place: EntryPlace) {
    super(`position ${place.position} is damaged (byte ${place.offset} of its segment)`)
  }
}

export function placeOf(segment: Segment, position: number): EntryPlace {
  const { postings, firstPosition } = segment
  const ordinal = position - firstPosition
  return { position, offset: postings.offset(ordinal), end: postings.end(ordinal) }
}

/** `bytes` holds the segment from byte `base` on. Throws DamagedEvent, also when the place lies outside of `bytes`. */
export function eventAt(place: EntryPlace, bytes: Buffer, base: number): StoredEvent {
  const at = place.offset - base
  const from = at + ENTRY_HEAD_BYTES
  const end = place.end - base
  const whole = at >= 0 && end > from && end <= bytes.length && bytes.readUInt32LE(at) === end - from
  if (!whole) throw new DamagedEvent(place)
  const record = bytes.subarray(from, end)
  const hash = digest(record)
  if (hash !== (bytes as TextBuffer).latin1Slice(at + 4, from)) throw new DamagedEvent(place)
  const event = decode(record, hash)
  if (event?.position !== place.position) throw new DamagedEvent(place)
  return event
}

function decode(record: Buffer, hash: string): StoredEvent | undefined {
  try {
    return new StoredEvent(record, hash)
  } catch (error) {
    if (error instanceof MalformedRecord) return undefined
    throw error
  }
}

/** Synchronous, because the writer must not be interrupted in the middle of a decision. */
export function readEventSync(segment: Segment, position: number): StoredEvent {
  const place = placeOf(segment, position)
  return eventAt(place, segment.source.readSync(place.offset, place.end - place.offset), place.offset)
}

/** More than the head of an entry and the first three fields of its record take. */
const GLIMPSE_BYTES = 64

/** Reads the time of an event without proving its bytes, so it is only a hint for a search whose result is proven. */
export function peekTimestampSync(segment: Segment, position: number): ClockReading {
  const place = placeOf(segment, position)
  const bytes = segment.source.readSync(place.offset, Math.min(GLIMPSE_BYTES, place.end - place.offset))
  try {
    const reader = new PackReader(bytes)
    reader.at = ENTRY_HEAD_BYTES
    reader.arrayHeader()
    if (reader.integer() !== position) throw new DamagedEvent(place)
    return { timestampNs: reader.u64(), sequence: reader.integer() }
  } catch (error) {
    throw error instanceof MalformedRecord ? new DamagedEvent(place) : error
  }
}

/** Throws DamagedEvent where the newest event with the term cannot be read, because nothing can be decided by it. */
export function lastEventWith(
  log: ReadableLog,
  kind: number,
  text: string,
  proves: (event: StoredEvent) => boolean,
): StoredEvent | undefined {
  const segments = log.segments()
  const before = (at: number) => segments.lastThatMay(kind, text, at)
  for (let at = before(segments.length); at >= 0; at = before(at)) {
    const segment = segments.at(at)
    const { postings, firstPosition, lastPosition } = segment
    // The index may already hold the batch that is being synced, so only durable ordinals count.
    const durable = lastPosition - firstPosition + 1
    for (let ordinal = postings.last(kind, text, durable); ordinal >= 0; ordinal = postings.last(kind, text, ordinal)) {
      const event = readEventSync(segment, firstPosition + ordinal)
      if (proves(event)) return event
    }
  }
  return undefined
}

export function lastOfStream(log: ReadableLog, stream: string): StoredEvent | undefined {
  return lastEventWith(log, KIND.stream, stream, event => event.stream === stream)
}
