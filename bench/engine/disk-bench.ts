// Bytes on disk beyond the events: log and index together, against the events as JSON as they were sent.
import { join } from 'node:path'
import type { NewEvent } from '../../src/contract/event.js'
import { BatchSource } from './append-loop.js'
import type { Report } from './report.js'
import type { Settings } from './settings.js'
import { bytesOf, openStore, removeStore } from './stores.js'
import { jsonBytes, makeEvents } from './workload.js'

/** Enough for a segment that is sealed when the store is closed. */
const EVENTS = 40_000
const WRITERS = 64

export async function diskBench(report: Report, settings: Settings): Promise<void> {
  report.heading('Bytes on disk beyond the events as JSON, in % of those')
  const events = makeEvents({ count: 8_000 })
  for (const batch of [1, 10, 100]) {
    const directory = join(settings.directory, `disk-${batch}`)
    removeStore(directory)
    await fill(directory, events, batch)
    const sent = jsonBytes(events) * (EVENTS / events.length)
    const segments = join(directory, 'segments')
    const log = bytesOf(segments, '.log')
    const index = bytesOf(segments, '.idx')
    report.add({
      ...{ group: 'disk', what: `batches of ${batch}`, unit: '%', store: [(100 * (log + index - sent)) / sent] },
      targets: [{ of: 'store', atMost: 12 }],
      detail: {
        'log % of JSON': (100 * log) / sent,
        'index % of JSON': (100 * index) / sent,
        'JSON bytes/event': sent / EVENTS,
      },
    })
    removeStore(directory)
  }
  report.note('archive ratio: skipped, the store has no archive yet')
}

async function fill(directory: string, events: readonly NewEvent[], batch: number): Promise<void> {
  const store = await openStore(directory)
  const source = new BatchSource(events, batch)
  let left = EVENTS / batch
  const writer = async (number: number) => {
    while (left-- > 0) await store.append({ events: source.next(), author: { agentId: `agent-${number}` } })
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number)))
  await store.close()
}
