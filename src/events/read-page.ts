// One page of events: bounded in events and in bytes, knowing whether more follow. Pure.
import type { RecordedEvent } from '../contract/event.js'

/** What a page may hold in payloads; one event alone may always be sent. */
export const PAGE_BYTES_MAX = 8 * 1024 * 1024

/** About what the fields beside the payload take. */
const ENVELOPE_BYTES = 512

export interface EventPage {
  readonly events: readonly RecordedEvent[]
  readonly more: boolean
}

export async function readPage(
  source: AsyncIterable<RecordedEvent>,
  limit: number,
  bytesMax = PAGE_BYTES_MAX,
): Promise<EventPage> {
  const events: RecordedEvent[] = []
  let bytes = 0
  for await (const event of source) {
    bytes += sizeOf(event)
    if (events.length === limit || (events.length > 0 && bytes > bytesMax)) return { events, more: true }
    events.push(event)
  }
  return { events, more: false }
}

function sizeOf(event: RecordedEvent): number {
  return ENVELOPE_BYTES + event.packedBytes()
}
