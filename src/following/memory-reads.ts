// Answers a read from the window of recent events when the storage is gone, only if all of the answer lies in it. Pure.
import type { RecordedEvent } from '../contract/event.js'
import type { ReadRequest } from '../contract/event-store.js'
import { compileFilter } from '../contract/filter.js'
import { parseTime } from '../contract/rfc3339.js'
import type { RecentEvents } from './recent-events.js'

/** undefined when the answer may hold an event that is not in the window: an answer that is too short would be wrong. */
export function readFromMemory(
  recent: RecentEvents,
  request: ReadRequest,
  head: number,
): readonly RecordedEvent[] | undefined {
  const { after = 0, before = head + 1, limit = Number.POSITIVE_INFINITY } = request
  const last = Math.min(before - 1, head)
  if (last > recent.end) return undefined
  const matches = matcherOf(request)
  const found: RecordedEvent[] = []
  const isDescending = request.order === 'desc'
  if (!isDescending && !recent.reaches(after)) return undefined
  for (let n = 0; n < last - after && found.length < limit; n++) {
    const event = recent.at(isDescending ? last - n : after + 1 + n)?.event
    if (event === undefined) return undefined
    if (matches(event)) found.push(event)
  }
  return found
}

function matcherOf({ filter = {}, since, until }: ReadRequest): (event: RecordedEvent) => boolean {
  const matches = compileFilter(filter)
  const [from, to] = [momentOf(since), momentOf(until)]
  return event => {
    if (!matches(event)) return false
    if (from === undefined && to === undefined) return true
    const at = parseTime(event.timestamp)
    return (from === undefined || at >= from) && (to === undefined || at < to)
  }
}

function momentOf(moment: string | bigint | undefined): bigint | undefined {
  return typeof moment === 'string' ? parseTime(moment) : moment
}
