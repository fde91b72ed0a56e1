// An event as a test writes it down: what matters is given, the rest is some value, and the payload is encoded as it is stored.
import type { JsonObject, RecordedEvent } from '../../src/contract/event.js'
import { encodeMessagePack } from '../../src/record/codec/writer.js'

export function plainEvent(data: JsonObject, more: Partial<RecordedEvent> = {}): RecordedEvent {
  return {
    id: '1790000000000000000_0_test',
    position: 1,
    stream: 'tasks',
    revision: 0,
    type: 'task.opened',
    timestamp: '2026-09-21T14:13:20.000000000Z',
    agentId: 'builder-1',
    schemaVersion: 1,
    data,
    tags: [],
    checksum: '00',
    packedData: () => encodeMessagePack(data),
    packedBytes: () =>
      encodeMessagePack(data).length + (more.metadata === undefined ? 0 : encodeMessagePack(more.metadata).length),
    packedMetadata: () => (more.metadata === undefined ? undefined : encodeMessagePack(more.metadata)),
    ...more,
  }
}
