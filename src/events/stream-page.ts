// Reads a stream by revision: bisection finds the revision's position, and the read goes on from there.
import { invalid, type StoreError } from '../contract/errors.js'
import type { Position, RecordedEvent, Revision } from '../contract/event.js'
import type { EventStore, ReadRequest, StreamInfo } from '../contract/event-store.js'
import { limitBeyond } from '../streaming/read-query.js'

export interface StreamQuery {
  readonly from?: Revision
  readonly order?: 'asc' | 'desc'
  readonly limit: number
}

/** Stops at the revision in `info`, so that the page fits the revision it is answered with. */
export async function streamRequest(store: EventStore, info: StreamInfo, query: StreamQuery): Promise<ReadRequest> {
  const { order = 'asc', limit } = query
  const from = query.from ?? (order === 'asc' ? 0 : info.revision)
  const filter = { streams: [info.stream] }
  const bounds = await boundsOf(store, info, from, order)
  return { filter, order, ...bounds, ...limitBeyond(limit) }
}

async function boundsOf(
  store: EventStore,
  info: StreamInfo,
  from: Revision,
  order: 'asc' | 'desc',
): Promise<Pick<ReadRequest, 'after' | 'before'>> {
  const end = info.lastPosition + 1
  if (order === 'desc') return { before: from >= info.revision ? end : await firstFrom(store, info, from + 1) }
  if (from === 0) return { before: end }
  // A reader of the newest goes on behind it, and what is further has been read in another log.
  if (from === info.revision + 1) return { after: info.lastPosition, before: end }
  if (from > info.revision) throw beyondTheEnd(info)
  return { after: (await firstFrom(store, info, from)) - 1, before: end }
}

function beyondTheEnd({ revision }: StreamInfo): StoreError {
  const where = `lies beyond the end of the stream, whose revision is ${revision}`
  return invalid('/from', `${where}: it is a revision of another log, or of this one before a restore`)
}

/**
 * The lowest position from which on the stream has no revision below `revision`. Positions of a stream rise with its
 * revisions, so bisection needs at most as many small reads as a position has bits. Damaged events are skipped here,
 * because the read that crosses them reports the damage.
 */
async function firstFrom(
  store: EventStore,
  { stream, lastPosition }: StreamInfo,
  revision: Revision,
): Promise<Position> {
  let low = store.status().first
  let high = lastPosition + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const event = await firstOf(store, { filter: { streams: [stream] }, after: middle - 1, before: high })
    if (event !== undefined && event.revision < revision) low = event.position + 1
    else high = middle
    if (event?.revision === revision - 1) return low
  }
  return low
}

/** The first revision that is left. While the log has lost nothing to retention it is 0 without a look. */
export async function firstKept(store: EventStore, { stream, revision }: StreamInfo): Promise<Revision> {
  if (store.status().first <= 1) return 0
  const first = await firstOf(store, { filter: { streams: [stream] } })
  return first?.revision ?? revision + 1
}

async function firstOf(store: EventStore, request: ReadRequest): Promise<RecordedEvent | undefined> {
  for await (const event of store.read({ ...request, limit: 1, onDamaged: () => undefined })) return event
  return undefined
}
