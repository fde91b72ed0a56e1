// Makes a line of every event of a store, with all that is needed to make the same event again elsewhere.
import { StoreError } from '../contract/errors.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import type { EventStore } from '../contract/event-store.js'
import { eventJson } from '../wire/event-json.js'
import { endFrame } from '../wire/frames.js'

/** Events behind `after` up to the head at the start, streams of the service included; the last frame is the end. */
export async function* exportFrames(store: EventStore, after: Position): AsyncGenerator<string, void, void> {
  const head = store.head()
  let count = 0
  for await (const event of store.read({ after, before: head + 1 })) {
    count++
    yield exportFrame(event)
  }
  // A log that has lost its last segment does not know how much is missing, so its export must not end as a whole one.
  if (store.status().damaged.some(({ to }) => to > store.head()))
    throw new StoreError(
      'DATA_CORRUPT',
      `What came behind position ${head} is lost, and how much that was is not known`,
    )
  yield endFrame(Math.max(head, after), count)
}

/** Adds the stored bytes where the fields do not determine them, because the checksum is of those bytes. */
export function exportFrame(event: RecordedEvent): string {
  const bytes = event.exactBytes?.()
  const record = bytes === undefined ? '' : `,"record":"${Buffer.from(bytes).toString('base64')}"`
  return `{"type":"event","event":${eventJson(event)}${record}}`
}
