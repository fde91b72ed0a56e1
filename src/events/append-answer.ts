// Makes the answer to an append in the contract's two forms, and the values of its headers. Pure.

import type { AppendInput } from '../appending/append-body.js'
import { isObject } from '../contract/check/field-checks.js'
import { Packed } from '../contract/event.js'
import type { Appended, AppendedEvent } from '../contract/event-store.js'
import { LIMITS } from '../contract/limits.js'
import { encoded } from '../wire/negotiation.js'

export const warningHeader = 'lighthouse-warning'

/** An event sent alone is answered alone; a batch is answered with a list, even of one. */
export type AppendAnswerShape = 'one' | 'batch'

export function appendAnswerOf(appended: Appended, shape: AppendAnswerShape): object {
  const { events, firstPosition, lastPosition, duplicate, durability } = appended
  if (shape === 'one') {
    const { id, position, stream, revision, timestamp } = events[0] as AppendedEvent
    return { id, position, stream, revision, timestamp, duplicate, durability }
  }
  const places = events.map(({ id, position, stream, revision }) => ({ id, position, stream, revision }))
  return { events: places, firstPosition, lastPosition, duplicate, durability }
}

/** The address that reads what was appended: an event by its id, a batch by its positions. */
export function locationOf({ events, firstPosition, lastPosition }: Appended, shape: AppendAnswerShape): string {
  if (shape === 'one') return `/v1/events/${(events[0] as AppendedEvent).id}`
  return `/v1/events?after=${firstPosition - 1}&before=${lastPosition + 1}`
}

/** What a byte of JSON may take as MessagePack: `-0,` is stored as a double, in nine bytes. */
const STORED_BYTES_MOST = 3

/** Warns because large events slow every reader. A body that can hold no large event is not examined. */
export function warningOf({ events }: AppendInput, bodyBytes: number): string | undefined {
  if (bodyBytes * STORED_BYTES_MOST < LIMITS.eventWarnBytes || !Array.isArray(events)) return undefined
  const large: number[] = []
  for (let at = 0; at < events.length; at++) if (payloadBytes(events[at]) > LIMITS.eventWarnBytes) large.push(at)
  if (large.length === 0) return undefined
  const which = events.length === 1 ? 'event' : `events ${shown(large)}`
  return `${which} larger than ${LIMITS.eventWarnBytes} bytes; keep large content elsewhere and refer to it`
}

const SHOWN_MAX = 10

function shown(indices: readonly number[]): string {
  const list = indices.slice(0, SHOWN_MAX).join(', ')
  return indices.length > SHOWN_MAX ? `${list} and ${indices.length - SHOWN_MAX} more` : list
}

function payloadBytes(event: unknown): number {
  if (!isObject(event)) return 0
  return storedBytes(event['data']) + storedBytes(event['metadata'])
}

function storedBytes(payload: unknown): number {
  if (payload === undefined) return 0
  if (payload instanceof Packed) return payload.bytes.length
  const bytes = storedBytesAtMost(payload)
  return bytes <= LIMITS.eventWarnBytes / 2 ? bytes : encoded(payload, 'msgpack').length
}

/** An upper bound. It costs far less than encoding, and it suffices for most payloads, which are not large. */
function storedBytesAtMost(value: unknown): number {
  if (typeof value === 'string') return 5 + 3 * value.length
  if (typeof value !== 'object' || value === null) return 9
  let bytes = 5
  if (Array.isArray(value)) for (const item of value) bytes += storedBytesAtMost(item)
  else for (const name of Object.keys(value)) bytes += 5 + 3 * name.length + storedBytesAtMost(value[name as never])
  return bytes
}
