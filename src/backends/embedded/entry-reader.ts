// Reads stored events by their place and proves each of them: hash, and that it is the one that was asked for.
import { ENTRY_HEAD_BYTES, sha256 } from './engine/frame.js'
import type { Segment } from './engine/sealed-segment.js'
import { MalformedRecord } from './pack-reader.js'
import { StoredEvent } from './record.js'

/** The bytes at this place are not the event that should be there. */
export class DamagedEvent extends Error {
  override readonly name = 'DamagedEvent'

  constructor(
    readonly position: number,
    readonly segment: string,
    readonly offset: number,
  ) {
    super(`position ${position} is damaged (${segment} at byte ${offset})`)
  }
}

/** `bytes` holds the segment from `base` on; the event's entry must lie within. */
export function eventIn(segment: Segment, ordinal: number, bytes: Buffer, base: number): StoredEvent {
  const position = segment.firstPosition + ordinal
  const offset = segment.postings.offset(ordinal)
  const at = offset - base
  const from = at + ENTRY_HEAD_BYTES
  const end = segment.postings.end(ordinal) - base
  const whole = end > from && end <= bytes.length && bytes.readUInt32LE(at) === end - from
  if (!whole) throw new DamagedEvent(position, segment.name, offset)
  const record = bytes.subarray(from, end)
  const hash = bytes.subarray(at + 4, from)
  if (!sha256(record).equals(hash)) throw new DamagedEvent(position, segment.name, offset)
  const event = decode(record, hash)
  if (event?.position !== position) throw new DamagedEvent(position, segment.name, offset)
  return event
}

function decode(record: Buffer, hash: Buffer): StoredEvent | undefined {
  try {
    return new StoredEvent(record, hash)
  } catch (error) {
    if (error instanceof MalformedRecord) return undefined
    throw error
  }
}

/** For a decision, which cannot wait. */
export function readEventSync(segment: Segment, position: number): StoredEvent {
  const ordinal = position - segment.firstPosition
  const offset = segment.postings.offset(ordinal)
  const bytes = segment.source.readSync(offset, segment.postings.end(ordinal) - offset)
  return eventIn(segment, ordinal, bytes, offset)
}

export async function readEvent(segment: Segment, position: number): Promise<StoredEvent> {
  const ordinal = position - segment.firstPosition
  const offset = segment.postings.offset(ordinal)
  const bytes = await segment.source.read(offset, segment.postings.end(ordinal) - offset)
  return eventIn(segment, ordinal, bytes, offset)
}
