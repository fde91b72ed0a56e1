// Where following begins: what `after` says, as the position behind which the first event is looked for.
import { StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import { isEventId } from '../contract/event-id.js'
import type { EventStore } from '../contract/event-store.js'
import { timeFault } from '../contract/rfc3339.js'

const RULE = 'must be a position, an event id, an RFC 3339 time, "start" or "head"'

/** What a caller may see: an event of another stream does not exist for it, and does not tell when it was stored. */
export interface Sight {
  readonly covers: (stream: string) => boolean
  readonly within: readonly string[] | undefined
}

export function startPosition(
  after: unknown,
  store: EventStore,
  { covers, within }: Sight,
): Position | Promise<Position> {
  if (after === undefined || after === 'head') return store.head()
  if (after === 'start') return 0
  if (Number.isSafeInteger(after) && (after as number) >= 0) return knownPosition(after as number, store)
  if (typeof after === 'string' && isEventId(after)) return positionOf(after, store, covers)
  if (typeof after === 'string' && timeFault(after) === undefined) return beforeTime(after, store, within)
  throw new StoreError('INVALID_REQUEST', `after ${RULE}`, { errors: [{ pointer: '/after', detail: RULE }] })
}

/**
 * A reader that has come further than the log has not read this log: it was restored from a backup, or is another one.
 * To wait for that position would be to pass over everything up to it in silence.
 */
export function knownPosition(position: Position, store: EventStore): Position {
  const head = store.head()
  if (position <= head) return position
  const detail = `lies beyond the head, which is ${head}: it is a position of another log, or of this one before a restore`
  throw new StoreError('INVALID_REQUEST', `/after ${detail}`, { errors: [{ pointer: '/after', detail }] })
}

async function positionOf(id: string, store: EventStore, covers: (stream: string) => boolean): Promise<Position> {
  const event = await store.find(id)
  if (event !== undefined && covers(event.stream)) return event.position
  throw new StoreError('NOT_FOUND', 'There is no event with the id in after, or the token may not see it.')
}

/** The head as it was before the look: what is stored during it is never passed over. */
export async function beforeTime(since: string, store: EventStore, within?: readonly string[]): Promise<Position> {
  const head = store.head()
  const filter = within === undefined ? {} : { within }
  for await (const event of store.read({ since, filter, limit: 1 })) return event.position - 1
  return head
}
