// A moment of the log's history: a position, an event id or a time; and the last position that is not after it.
import { StoreError } from './errors.js'
import type { Position } from './event.js'
import { isEventId } from './event-id.js'
import type { EventStore } from './event-store.js'
import { parseTime, timeFault } from './rfc3339.js'

export type Moment = { readonly position: Position } | { readonly id: string } | { readonly timeNs: bigint }

export const MOMENT_RULE = 'must be a position, an event id, or an RFC 3339 time'

const DECIMAL = /^(0|[1-9][0-9]{0,14})$/

/** A number, or text of any of the three; undefined for all else. */
export function readMoment(value: unknown): Moment | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? { position: value } : undefined
  if (typeof value !== 'string') return undefined
  if (DECIMAL.test(value)) return { position: Number(value) }
  if (isEventId(value)) return { id: value }
  return timeFault(value) === undefined ? { timeNs: parseTime(value) } : undefined
}

/** 0 when all events are later. An id that `mayRead` says no to is as unknown as one that never was. */
export async function positionAt(
  store: EventStore,
  moment: Moment,
  mayRead: (stream: string) => boolean,
): Promise<Position> {
  if ('position' in moment) return moment.position
  if ('id' in moment) {
    const event = await store.find(moment.id)
    if (event !== undefined && mayRead(event.stream)) return event.position
    throw new StoreError('NOT_FOUND', 'There is no event with this id, or the token may not read it.')
  }
  for await (const { position } of store.read({ until: moment.timeNs + 1n, order: 'desc', limit: 1 })) return position
  return 0
}
