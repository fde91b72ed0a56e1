// Reads a point in the log's history: a position, an event id, a time, "start" or "head", by one rule everywhere.
import { StoreError } from './errors.js'
import type { Position } from './event.js'
import { isEventId } from './event-id.js'
import type { EventStore } from './event-store.js'
import { parseTime, plusHint, timeFault } from './rfc3339.js'

/** As the caller wrote it, except that decimal text becomes the position it spells. */
export type Moment = Position | string

const MOMENT_RULE = 'must be a position, an event id, an RFC 3339 time, "start" or "head"'

/**
 * What a caller may see. An event of another stream does not exist for it, so neither its position nor its time may
 * show in where a read begins.
 */
export interface Visibility {
  readonly covers: (stream: string) => boolean
  /** Patterns that every covered stream matches, for the index; all streams without them. */
  readonly within: readonly string[] | undefined
}

const ALL: Visibility = { covers: () => true, within: undefined }

/** The position that decimal text spells; undefined when it is anything else. */
export function decimalPosition(text: string): Position | undefined {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined
}

/** Undefined when the value names no moment. */
export function readMoment(value: unknown): Moment | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  if (typeof value !== 'string') return undefined
  if (value === 'start' || value === 'head' || isEventId(value)) return value
  return decimalPosition(value) ?? (timeFault(value) === undefined ? value : undefined)
}

/** What is wrong with a value that names no moment. */
export function notAMoment(value: unknown): string {
  return `${MOMENT_RULE}${plusHint(value)}`
}

/** Like `readMoment`, for the field `after`; throws INVALID_REQUEST. */
export function readAfter(value: unknown): Moment {
  return readMoment(value) ?? refuse('/after', notAMoment(value))
}

export function isTime(moment: Moment): moment is string {
  return typeof moment === 'string' && moment !== 'start' && moment !== 'head' && !isEventId(moment)
}

/** The position after which a read begins: for a time, the one before the first event since then. */
export function positionBefore(after: Moment, store: EventStore, visible: Visibility): Position | Promise<Position> {
  return isTime(after) ? beforeTime(after, store, visible) : positionNamed(after, store, visible.covers, '/after')
}

/** The position up to which a moment reaches: for a time, that of the last event not after it, 0 when all are later. */
export async function positionAt(
  moment: Moment,
  store: EventStore,
  covers: Visibility['covers'],
  pointer: string,
): Promise<Position> {
  if (!isTime(moment)) return positionNamed(moment, store, covers, pointer)
  const request = { until: parseTime(moment) + 1n, order: 'desc', limit: 1 } as const
  for await (const { position } of store.read(request)) return position
  return 0
}

function positionNamed(
  moment: Moment,
  store: EventStore,
  covers: Visibility['covers'],
  pointer: string,
): Position | Promise<Position> {
  if (moment === 'start') return 0
  if (moment === 'head') return store.head()
  if (typeof moment === 'number') return knownPosition(moment, store.head(), pointer)
  return positionOf(moment, store, covers, pointer)
}

/**
 * A reader that is further than the log has read another log, or this one before it was restored from a backup. Waiting
 * for its position would pass over everything up to it in silence, so every read refuses it.
 */
export function knownPosition(position: Position, head: Position, pointer = '/after'): Position {
  if (position <= head) return position
  const detail = `lies beyond the head, which is ${head}: it is a position of another log, or of this one before a restore`
  return refuse(pointer, detail)
}

async function positionOf(
  id: string,
  store: EventStore,
  covers: Visibility['covers'],
  pointer: string,
): Promise<Position> {
  const event = await store.find(id)
  if (event !== undefined && covers(event.stream)) return event.position
  const detail = 'is the id of no event, or of one that the token may not read'
  throw new StoreError('NOT_FOUND', `${pointer} ${detail}`, { errors: [{ pointer, detail }] })
}

/** When no event is found, answers the head from before the look, so that nothing stored meanwhile is passed over. */
export async function beforeTime(since: string, store: EventStore, { covers, within } = ALL): Promise<Position> {
  const head = store.head()
  const filter = within === undefined ? {} : { within }
  for await (const { position, stream } of store.read({ since, filter })) if (covers(stream)) return position - 1
  return head
}

function refuse(pointer: string, detail: string): never {
  throw new StoreError('INVALID_REQUEST', `${pointer} ${detail}`, { errors: [{ pointer, detail }] })
}
