// Where a new group begins: a position, an event id, a time, the start of the log or its head, as one position.
import { positionFault } from '../../contract/check/check-names.js'
import { StoreError } from '../../contract/errors.js'
import type { Position } from '../../contract/event.js'
import { isEventId } from '../../contract/event-id.js'
import type { EventStore } from '../../contract/event-store.js'
import { timeFault } from '../../contract/rfc3339.js'
import { covers } from '../group-scope.js'
import type { After, Within } from '../state/group-definition.js'

const RULE = 'must be a position, an event id, an RFC 3339 time, "start" or "head"'

/** Digits alone are a position, whether or not they came in quotes. */
export function afterOf(given: unknown): After {
  if (given === undefined || given === null) return 'head'
  if (typeof given === 'string' && /^[0-9]{1,15}$/.test(given)) return Number(given)
  if (typeof given === 'number' && positionFault(given) === undefined) return given
  if (typeof given !== 'string') throw bad(RULE)
  if (given === 'start' || given === 'head' || isEventId(given) || timeFault(given) === undefined) return given
  throw bad(RULE)
}

/** `within`: what the group will read. An event outside of it does not tell when it was stored. */
export async function startOf(store: EventStore, after: After, within: Within): Promise<Position> {
  const head = store.head()
  if (typeof after === 'number') {
    if (after > head) throw bad(`is position ${after}, which lies beyond the head, ${head}`)
    return after
  }
  if (after === 'start') return 0
  if (after === 'head') return head
  const isSeen = (stream: string) => within.every(list => covers(list, stream))
  if (!isEventId(after)) return beforeTimeWithin(after, store, within)
  const event = await store.find(after)
  if (event === undefined || !isSeen(event.stream)) {
    throw bad('is the id of no event, or of none that this token may subscribe to')
  }
  return event.position
}

/** The head as it was before the look: what is stored during it is never passed over. */
async function beforeTimeWithin(since: string, store: EventStore, within: Within): Promise<Position> {
  const head = store.head()
  const [first, ...others] = within
  const narrowed = first === undefined ? {} : { filter: { within: first } }
  const one = others.length === 0 ? { limit: 1 } : {}
  for await (const { position, stream } of store.read({ since, ...narrowed, ...one })) {
    if (others.every(list => covers(list, stream))) return position - 1
  }
  return head
}

function bad(detail: string): StoreError {
  return new StoreError('INVALID_REQUEST', `/after ${detail}`, { errors: [{ pointer: '/after', detail }] })
}
