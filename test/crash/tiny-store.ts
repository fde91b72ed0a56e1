// A store so small that a few events make it rotate, on whatever disk a test gives it.

import { type EmbeddedStore, openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import type { Disk } from '../../src/backends/embedded/engine/disk/disk.js'
import type { EmbeddedOptions } from '../../src/backends/embedded/options.js'
import type { Clock } from '../../src/contract/clock.js'
import type { RecordedEvent } from '../../src/contract/event.js'
import type { EventStore } from '../../src/contract/event-store.js'

export const DATA = '/data'

export const TINY = {
  directory: DATA,
  nodeId: 'n1',
  idleMarkMs: 0,
  presizeBytes: 1_024,
  segmentBytes: 6_000,
  sealOnCloseBytes: 5_500,
  reserveBytes: 2_048,
} as const satisfies EmbeddedOptions

export function openTiny(disk: Disk, clock: Clock, more: Partial<EmbeddedOptions> = {}): Promise<EmbeddedStore> {
  return openEmbedded({ ...TINY, disk, clock, ...more })
}

export async function everything(store: EventStore): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = []
  for await (const event of store.read({})) events.push(event)
  return events
}
