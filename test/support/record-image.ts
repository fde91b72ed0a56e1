// The bytes of one record, as the store would write it.

import type { NewEvent } from '../../src/contract/event.js'
import { PackWriter } from '../../src/record/codec/writer.js'
import { encodePayload, encodeRecord, type Placement } from '../../src/record/record.js'

export const PLACED: Placement = {
  position: 1,
  revision: 0,
  timestampNs: 1n,
  sequence: 0,
  nodeId: 'n1',
  agentId: 'a1',
  correlationId: undefined,
  onBehalfOf: undefined,
  traceparent: undefined,
  keyed: undefined,
}

export function recordOf(event: NewEvent, placement: Partial<Placement> = {}): Buffer {
  const scratch = new PackWriter()
  const dataBytes = encodePayload(scratch, event)
  const payload = { bytes: Buffer.from(scratch.buffer.subarray(0, scratch.at)), from: 0, to: scratch.at, dataBytes }
  const writer = new PackWriter()
  encodeRecord(writer, event, payload, { ...PLACED, ...placement })
  return Buffer.from(writer.buffer.subarray(0, writer.at))
}
