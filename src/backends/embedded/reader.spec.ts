// What a damaged event costs: its segment is indexed anew once, not once for each reader and each event.
import { expect, test } from '@jest/globals'
import { AgedStore, agedDisk, EVENTS_A_DAY } from '../../../test/support/aged-store.js'
import { Layout } from './engine/format/names.js'
import { ActivePostings } from './engine/index/active-postings.js'
import { PageCache } from './engine/index/page-cache.js'
import type { Log } from './engine/log.js'
import { IndexRebuilds } from './engine/recovery/index-rebuilds.js'
import { SealedSegments } from './engine/segment/sealed-segments.js'
import { LogReader } from './reader.js'
import { TERM_KINDS } from './terms.js'

/** Where the first record of a segment begins. */
const RECORD = 4096 + 76 + 36

test('readers that meet the same damage wait for one rebuild', async () => {
  const { disk, clock } = await agedDisk(4)
  const held = await AgedStore.open(disk, '/data', clock, {})
  const [, file = ''] = disk.files().filter(path => path.endsWith('.log'))
  disk.flip(file, RECORD + 20)
  const damaged: number[] = []
  const readAll = async () => {
    for await (const _ of held.store.read({ onDamaged: ({ from }) => void damaged.push(from) }));
  }
  await Promise.all([readAll(), readAll(), readAll()])
  expect(damaged).toEqual(Array(3).fill(EVENTS_A_DAY + 1))
  expect(held.told.noticed.filter(what => what.startsWith('index rebuilt'))).toHaveLength(1)
  await held.store.close()
})

test('what is sound before the damage is served, in either order, and a read that ends before it hears nothing of it', async () => {
  const { disk, clock } = await agedDisk(4)
  const held = await AgedStore.open(disk, '/data', clock, {})
  const [first = '', file = ''] = disk.files().filter(path => path.endsWith('.log'))
  const bad = EVENTS_A_DAY + 1
  expect(first < file).toBe(true)
  disk.flip(file, RECORD + 20)
  const served = async (request: object) => {
    const positions: number[] = []
    try {
      for await (const { position } of held.store.read(request)) positions.push(position)
    } catch (error) {
      positions.push((error as { code: string }).code as never)
    }
    return positions
  }
  expect(await served({})).toEqual([...Array.from({ length: bad - 1 }, (_, n) => n + 1), 'DATA_CORRUPT'])
  const down = await served({ order: 'desc', before: bad + 2 })
  expect(down).toEqual([bad + 1, 'DATA_CORRUPT'])
  expect(await served({ limit: bad - 1 })).toHaveLength(bad - 1)
  expect(await served({ order: 'desc', before: bad + 2, limit: 1 })).toEqual([bad + 1])
  await held.store.close()
})

test('an index made anew in vain is not made anew for the next damaged event', async () => {
  const hash = Buffer.alloc(32)
  const identity = {
    firstPosition: 1,
    prev: hash,
    salt: 1,
    storeId: hash,
    epoch: 1,
    firstBatch: 0,
    createdMs: 0,
  }
  const footer = {
    firstPosition: 1,
    lastPosition: 3,
    dataEnd: 9_000,
    chain: hash,
    fileHash: hash,
    frames: 3,
    sealedMs: 0,
    batch: 3,
    lost: 0,
  }
  const file = { readSync: (into: Uint8Array) => into.fill(0).length, read: async (into: Uint8Array) => into.length }
  const pool = { file: () => file, use: (_: string, work: (opened: typeof file) => unknown) => work(file) }
  const postings = Object.assign(new ActivePostings(TERM_KINDS), {
    offset: (ordinal: number) => 4_096 + ordinal * 100,
    end: (ordinal: number) => 4_196 + ordinal * 100,
  })
  const context = { pool, pages: new PageCache(), kinds: TERM_KINDS }
  const segments = new SealedSegments({ layout: new Layout('/data'), pool } as never, context as never)
  segments.add({ path: '/data/segments/seg', epoch: 1, identity, footer, length: 9_128, postings })
  let rebuilds = 0
  const indexes = new IndexRebuilds(undefined as never, async () => undefined)
  indexes.of = async () => void rebuilds++
  // A log whose list of damage is full, so that nothing is known beforehand.
  const log = {
    damage: [],
    head: 3,
    firstPosition: 1,
    state: 'writable',
    noteDamage: async () => undefined,
    segments: () => segments,
    doubtIndexOf: indexes.inDoubt.bind(indexes),
  }
  const reader = new LogReader(log as unknown as Log)
  for (const position of [1, 2, 3, 1]) await expect(reader.at(position)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
  expect(rebuilds).toBe(1)
})

test.each(['asc', 'desc'] as const)(
  'what retention takes while it is read (%s) is not missed by the reader, and the rest comes',
  async order => {
    const { disk, clock } = await agedDisk(8)
    const days = { archiveAfterDays: 1, retainArchivesDays: 3 }
    const held = await AgedStore.open(disk, '/data', clock, days)
    const seen: number[] = []
    for await (const { position } of held.store.read({ order })) {
      if (seen.push(position) === 1) while (await held.store.maintenance.pass());
    }
    const { first, head } = held.store.status()
    expect(first).toBeGreaterThan(1)
    const kept = Array.from({ length: head - first + 1 }, (_, at) => first + at)
    expect(seen.filter(position => position >= first).sort((a, b) => a - b)).toEqual(kept)
    expect(new Set(seen).size).toBe(seen.length)
    await held.store.close()
  },
)

test('what is archived while it is read comes out of its archive', async () => {
  const { disk, clock, events } = await agedDisk(8)
  const held = await AgedStore.open(disk, '/data', clock, { archiveAfterDays: 1 })
  const seen: string[] = []
  for await (const event of held.store.read({})) {
    if (seen.push(JSON.stringify(event)) === 1) while (await held.store.maintenance.pass());
  }
  expect(held.told.archived.length).toBeGreaterThan(3)
  expect(seen).toEqual(events)
  await held.store.close()
})

test('a read that the store closes under says so', async () => {
  const { disk, clock } = await agedDisk(8)
  const held = await AgedStore.open(disk, '/data', clock, {})
  const reading = held.store.read({ order: 'desc' })[Symbol.asyncIterator]()
  await reading.next()
  await held.store.close()
  const rest = async () => {
    for (let next = await reading.next(); next.done !== true; next = await reading.next());
  }
  await expect(rest()).rejects.toMatchObject({ code: 'CLOSED' })
})
