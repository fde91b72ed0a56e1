// Collects one page of events, bounded in events and in bytes, and whether more follow. Pure.
import { envelopeBytes } from '../contract/envelope-bytes.js'
import type { RecordedEvent } from '../contract/event.js'

/** Bounds the payloads of a page; the first event is always included, so that a reader gets past a large one. */
export const PAGE_BYTES_MAX = 8 * 1024 * 1024

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
  return envelopeBytes(event, event) + event.packedBytes()
}
