// Bytes on disk beyond the events: log and index together, and all that a server keeps, against the events as JSON as they were sent.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { archiveSegment } from '../../src/backends/embedded/engine/upkeep/archive.js'
import { openLog } from '../../src/backends/embedded/open-log.js'
import { resolveOptions } from '../../src/backends/embedded/options.js'
import type { NewEvent } from '../../src/contract/event.js'
import type { ReplayDto } from '../../src/folding/replay.dto.js'
import { States } from '../replay/states.js'
import { BatchSource } from './append-loop.js'
import type { Report } from './report.js'
import type { Settings } from './settings.js'
import { bytesOf, openStore, removeStore } from './stores.js'
import { jsonBytes, makeEvents } from './workload.js'

/** Enough for a segment that is sealed when the store is closed. */
const EVENTS = 40_000
const WRITERS = 64
/** In which snapshots are made, as `snapshotEvents` does by default. */
const ROUNDS = 4

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
  await snapshotRows(report, settings, events)
}

/** As a fleet folds its events: how many there were of each kind, what each stream is at now, and all of it in one object. */
const FLEET: readonly Partial<ReplayDto>[] = [
  { filter: { streams: ['*'] }, reducer: 'count' },
  { filter: { streams: ['*'] }, reducer: 'set', key: 'stream' },
  { filter: { streams: ['*'] }, reducer: 'merge' },
]

/** Nothing in this state ever gives way to something newer, so each snapshot holds a quarter of the data once more. */
const COLLECTED: readonly Partial<ReplayDto>[] = [
  { filter: { types: ['command.validated', 'command.rejected'] }, reducer: 'collect' },
]

/** Log, indexes, snapshots and every other file of the data directory, with a snapshot of each fold each 10,000 events. */
async function snapshotRows(report: Report, settings: Settings, events: readonly NewEvent[]): Promise<void> {
  for (const [what, folds] of Object.entries({ 'three folds of a fleet': FLEET, 'a quarter collected': COLLECTED })) {
    const directory = join(settings.directory, 'disk-snapshots')
    removeStore(directory)
    const store = await openStore(directory)
    const states = await States.open(store, directory)
    const source = new BatchSource(events, 10)
    for (let round = 0; round < ROUNDS; round++) {
      for (let at = 0; at < EVENTS / ROUNDS; at += 10)
        await store.append({ events: source.next(), author: { agentId: 'agent' } })
      for (const fold of folds) await states.snapshots.keep({ fold, name: null }, states.access)
    }
    await store.close()
    const sent = jsonBytes(events) * (EVENTS / events.length)
    const all = bytesUnder(directory)
    const snapshots = bytesUnder(join(directory, 'snapshots'))
    const segments = bytesUnder(join(directory, 'segments'))
    report.add({
      group: 'disk',
      what: `all files, ${what}`,
      unit: '%',
      store: [(100 * (all - sent)) / sent],
      targets: [{ of: 'store', atMost: 25 }],
      detail: {
        'log and index % of JSON': (100 * segments) / sent,
        'snapshots % of JSON': (100 * snapshots) / sent,
        'the rest % of JSON': (100 * (all - segments - snapshots)) / sent,
      },
    })
    removeStore(directory)
  }
}

function bytesUnder(directory: string): number {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile())
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
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
