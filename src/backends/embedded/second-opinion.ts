// Looks again at an event that could not be proven, because an index may have pointed to the wrong place.

import type { StoredEvent } from '../../record/record.js'
import type { ReadableLog } from './engine/readable-log.js'
import { SealedSegment, type Segment } from './engine/segment/sealed-segment.js'
import { DamagedEvent, type EntryPlace, eventAt, placeOf } from './entry-reader.js'

export const DAMAGED_EVENT = 'an event does not have the hash it was stored with'

/** The event after all; undefined when it is damaged, which is recorded before this resolves and may be reported. */
export async function secondOpinion(
  log: ReadableLog,
  segment: Segment,
  position: number,
): Promise<StoredEvent | undefined> {
  if (isKnownDamaged(log, position)) return undefined
  const look = () => readAgain(segment, position)
  const event = await (segment instanceof SealedSegment ? log.doubtIndexOf(segment, look) : look())
  if (event !== undefined) return event
  const { firstPosition, name } = segment
  const where = `${name} at byte ${placeOf(segment, position).offset}`
  await log.noteDamage({ firstPosition, from: position, to: position, where, reason: DAMAGED_EVENT })
  return undefined
}

export function isKnownDamaged(log: ReadableLog, position: number): boolean {
  return log.damage.some(({ from, to }) => from <= position && position <= to)
}

/** Undefined when the bytes at this place are not the event; `bytes` holds the segment from byte `base` on. */
export function proven(place: EntryPlace, bytes: Buffer, base: number): StoredEvent | undefined {
  try {
    return eventAt(place, bytes, base)
  } catch (error) {
    if (error instanceof DamagedEvent) return undefined
    throw error
  }
}

async function readAgain(segment: Segment, position: number): Promise<StoredEvent | undefined> {
  const place = placeOf(segment, position)
  return proven(place, await segment.source.read(place.offset, place.end - place.offset), place.offset)
}
