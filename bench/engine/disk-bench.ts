// Bytes on disk beyond the events: log and index together, against the events as JSON as they were sent.
import { join } from 'node:path'
import { archiveSegment } from '../../src/backends/embedded/engine/upkeep/archive.js'
import { openLog } from '../../src/backends/embedded/open-log.js'
import { resolveOptions } from '../../src/backends/embedded/options.js'
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
      group: 'disk',
      what: `batches of ${batch}`,
      unit: '%',
      store: [(100 * (log + index - sent)) / sent],
      targets: [{ of: 'store', atMost: 12 }],
      detail: {
        'log % of JSON': (100 * log) / sent,
        'index % of JSON': (100 * index) / sent,
        'JSON bytes/event': sent / EVENTS,
      },
    })
    await archiveRow(report, directory, batch)
    removeStore(directory)
  }
}

/** The same log as an archive. Its events are words drawn at random: harder to pack than what agents say. */
async function archiveRow(report: Report, directory: string, batch: number): Promise<void> {
  const log = await openLog(resolveOptions({ directory, nodeId: 'node-1' }))
  const plain = bytesOf(join(directory, 'segments'), '.log')
  const segment = log.sealedSegments().at(0)
  await archiveSegment(log, segment)
  await log.close()
  const packed = bytesOf(join(directory, 'archive'), '.zst')
  report.add({
    group: 'disk',
    what: `archive of batches of ${batch}`,
    unit: '% of plain',
    store: [(100 * packed) / plain],
    targets: [{ of: 'store', atMost: 15 }],
    detail: { 'hashes, % of plain': (100 * EVENTS * (32 + 64 / batch)) / plain },
  })
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
