// Every event of a store as frames of lines, each with what it takes to make the same event again elsewhere.
import { StoreError } from '../contract/errors.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import type { EventStore } from '../contract/event-store.js'
import { eventJson } from '../wire/event-json.js'
import { endFrame } from '../wire/frames.js'

/** Events behind `after`, up to the head of now, streams of the service included. The last frame is the end. */
export async function* exportFrames(store: EventStore, after: Position): AsyncGenerator<string, void, void> {
  const head = store.head()
  let count = 0
  for await (const event of store.read({ after, before: head + 1 })) {
    count++
    yield exportFrame(event)
  }
  if (store.status().damaged.some(({ to }) => to > store.head()))
    throw new StoreError(
      'DATA_CORRUPT',
      `What came behind position ${head} is lost, and how much that was is not known`,
    )
  yield endFrame(Math.max(head, after), count)
}

/** As everywhere, and where the event does not say all of its bytes they stand beside it. */
export function exportFrame(event: RecordedEvent): string {
  const bytes = event.exactBytes?.()
  const record = bytes === undefined ? '' : `,"record":"${Buffer.from(bytes).toString('base64')}"`
  return `{"type":"event","event":${eventJson(event)}${record}}`
}
