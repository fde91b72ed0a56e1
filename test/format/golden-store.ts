// The small store behind the golden files: the same calls at the same times with the same identity, so the same bytes.

import { type EmbeddedStore, openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import { archiveSegment } from '../../src/backends/embedded/engine/upkeep/archive.js'
import { openLog } from '../../src/backends/embedded/open-log.js'
import { resolveOptions } from '../../src/backends/embedded/options.js'
import { must } from '../crash/ack-journal.js'
import { FakeDisk } from '../support/fake-disk.js'
import { ManualClock, MINUTE } from '../support/manual-clock.js'

const OPTIONS = {
  directory: '/data',
  nodeId: 'golden-1',
  segmentBytes: 4_096 + 900,
  presizeBytes: 512,
  reserveBytes: 0,
  idleMarkMs: 0,
  sealOnCloseBytes: 1e6,
  archiveAfterDays: 0,
  scrubBytesPerSecond: 0,
}

export function openGolden(disk: FakeDisk, clock = new ManualClock()): Promise<EmbeddedStore> {
  return openEmbedded({ ...OPTIONS, disk, clock })
}

/** Every field an event can have, every kind of value, an atomic batch, keys, and a start in between. */
export async function writeGolden(): Promise<FakeDisk> {
  const disk = new FakeDisk({ directories: ['/'] })
  const clock = new ManualClock()
  const random = (length: number) => Buffer.from(Array.from({ length }, (_, at) => 0xa0 + at))
  const author = { agentId: 'agent-1' }
  let store = await openEmbedded({ ...OPTIONS, disk, clock, random })
  await store.append({ events: [{ type: 'opened', stream: 'orders', data: {} }], author })
  clock.move(MINUTE)
  await store.append({ events: [EVERY_FIELD], author: EVERY_AUTHOR, key: 'every-field' })
  await store.append({
    events: [
      { type: 'counted', stream: 'numbers', data: NUMBERS },
      { type: 'named', stream: 'names', data: NAMES, tags: ['unicode'] },
      { type: 'counted', stream: 'numbers', data: { deep: [[[{ a: [] }]]] } },
    ],
    author,
    key: 'batch',
  })
  clock.move(MINUTE)
  for (let round = 0; round < 6; round++) {
    await store.append({
      events: [{ type: 'noted', stream: `s${round % 2}`, data: { round, text: 'x'.repeat(60 * round) } }],
      author,
    })
  }
  await store.close()
  clock.move(MINUTE)
  store = await openEmbedded({ ...OPTIONS, disk, clock, random })
  await store.append({ events: [{ type: 'closed', stream: 'orders', data: { at: 'last' } }], author })
  await store.close()
  return disk
}

/** The oldest segment becomes an archive, as it would after a week: the file it replaces, and what it is. */
export async function archiveFirst(disk: FakeDisk): Promise<[string, { path: string; bytes: Uint8Array }]> {
  const log = await openLog(resolveOptions({ ...OPTIONS, disk, clock: new ManualClock() }))
  const [oldest] = log.sealedSegments()
  must(oldest !== undefined, () => 'there is no sealed segment')
  const { path } = await archiveSegment(log, oldest)
  await log.close()
  return [oldest.path, { path, bytes: disk.bytes(path) }]
}

const EVERY_FIELD = {
  type: 'paid.in_full:v2',
  stream: 'orders',
  data: { total: 12.5, constructor: 'data', nested: { list: [1, 'two', null, true] } },
  metadata: { source: 'till 7' },
  tags: ['vip', 'eu'],
  schemaVersion: 3,
  correlationId: 'corr-1',
  causationId: '1767225600000000000_0_golden-1',
  sessionId: 'session-1',
  parents: ['1767225600000000000_0_golden-1'],
  occurredAt: '2025-12-31T23:59:59.5Z',
}

const EVERY_AUTHOR = {
  agentId: 'agent-2',
  onBehalfOf: ['agent-1', 'person-1'],
  correlationId: 'corr-of-author',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
}

const NUMBERS = {
  zero: 0,
  small: -1,
  byte: 255,
  word: 65_536,
  long: 4_294_967_296,
  safe: 9_007_199_254_740_991,
  half: 0.1,
  tiny: 5e-324,
}
const NAMES = {
  ä: 'ö',
  'key with spaces': '\u0000\u001f',
  emoji: '😀',
  '': 'empty',
  toString: 'kept',
  long: 'z'.repeat(300),
}
