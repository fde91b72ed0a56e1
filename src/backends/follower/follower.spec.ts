// A follower beside its writer: whatever becomes of the files, it shows what the writer would, and changes none of them.
import { afterEach, describe, expect, test } from '@jest/globals'
import { AgedStore, agedDisk, EVENTS_A_DAY } from '../../../test/support/aged-store.js'
import { FakeDisk } from '../../../test/support/fake-disk.js'
import { ManualClock } from '../../../test/support/manual-clock.js'
import { until } from '../../../test/support/until.js'
import type { EventStore, ReadRequest } from '../../contract/event-store.js'
import { Observers } from '../../contract/observer.js'
import { ANSWERED_BY } from '../../record/writer-duties.js'
import { backupStore } from '../embedded/backup-store.js'
import { type EmbeddedStore, openEmbedded } from '../embedded/embedded-store.js'
import type { Disk, DiskFile, OpenOptions } from '../embedded/engine/disk/disk.js'
import { DiskWrapper } from '../embedded/engine/disk/disk-wrapper.js'
import type { EmbeddedOptions } from '../embedded/options.js'
import { type FollowerOptions, type FollowerStore, openFollower } from './follower-store.js'
import { LocalWriter } from './local-writer.js'
import type { WriterListener } from './writer.js'

const DATA = '/data'
const SMALL = {
  directory: DATA,
  nodeId: 'n1',
  idleMarkMs: 0,
  presizeBytes: 1_024,
  segmentBytes: 8_000,
  sealOnCloseBytes: 6_000,
  reserveBytes: 0,
  scrubBytesPerSecond: 0,
}
const author = { agentId: 'a1' }

/** Followers hear nothing of it, as when all that they are told comes late. */
class SilentWriter extends LocalWriter {
  override listen(_listener: WriterListener): () => void {
    return () => undefined
  }
}

/** Followers hear of the head when the test says so. */
class LateWriter extends LocalWriter {
  private listener: WriterListener | undefined

  override listen(listener: WriterListener): () => void {
    this.listener = listener
    return super.listen({ ...listener, moved: () => undefined })
  }

  say(forMs: number): void {
    this.listener?.moved(forMs)
  }
}

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

function closing<T extends { close(): Promise<void> }>(one: T): T {
  open.push(one)
  return one
}

async function writerOn(
  disk: Disk,
  more: Partial<EmbeddedOptions> = {},
  writer = new LocalWriter(),
): Promise<{ writer: LocalWriter; store: EmbeddedStore }> {
  const { observer: told = {}, ...options } = more
  const observer = new Observers([writer.observer, told])
  const store = closing(await openEmbedded({ ...SMALL, clock: new ManualClock(), disk, ...options, observer }))
  writer.attach(store)
  return { writer, store }
}

async function followed(writer: LocalWriter, disk: Disk, more: Partial<FollowerOptions> = {}): Promise<FollowerStore> {
  return closing(await openFollower(writer, { directory: DATA, disk, verify: true, ...more }))
}

async function fill(store: EventStore, count: number, from = 0): Promise<void> {
  for (let n = from; n < from + count; n++) {
    const event = { type: 'ticked', stream: `s${n % 5}`, data: { n, text: 'x'.repeat(200) }, tags: [`t${n % 3}`] }
    await store.append({ events: [event], author })
  }
}

async function all(store: EventStore, request: ReadRequest = {}): Promise<string[]> {
  const events: string[] = []
  for await (const event of store.read(request)) events.push(JSON.stringify(event))
  return events
}

async function expectAlike(follower: FollowerStore, store: EmbeddedStore): Promise<void> {
  expect(await all(follower)).toEqual(await all(store))
  const filter = { streams: ['s1', 's3'], tags: ['t1'] }
  expect(await all(follower, { filter, order: 'desc' })).toEqual(await all(store, { filter, order: 'desc' }))
  expect(await follower.stream('s2')).toEqual(await store.stream('s2'))
  expect(follower.head()).toBe(store.head())
  expect(follower.status()).toMatchObject({ first: store.status().first, damaged: [], size: store.status().size })
  expect(follower.status().details).toMatchObject({ segments: store.status().details['segments'], behind: 0 })
}

const disk = () => new FakeDisk({ directories: ['/'] })
const filesOf = (where: FakeDisk, ending: string) => where.files().filter(path => path.endsWith(ending))
const contents = (where: FakeDisk) => where.files().map(path => [path, Buffer.from(where.bytes(path)).toString('hex')])

test('what is durable and cannot be read yet is told with the time that it has been so, and what a request has caught up with is not', async () => {
  const where = disk()
  const { writer, store } = await writerOn(where, {}, new LateWriter())
  const told: number[] = []
  const follower = await followed(writer, where, { behind: forMs => told.push(forMs) })
  const late = writer as LateWriter
  await fill(store, 1)
  late.say(7)
  expect(await all(follower)).toHaveLength(1)
  await fill(store, 1)
  expect(await all(follower)).toHaveLength(2)
  late.say(900)
  await fill(store, 1)
  late.say(8)
  expect(told).toEqual([7, 8])
})

describe('the segments of the writer', () => {
  test.each([true, false])('are followed from one to the next; proven: %p', async verify => {
    const where = disk()
    const { writer, store } = await writerOn(where)
    const follower = await followed(writer, where, { verify })
    await fill(follower, 60)
    await fill(store, 30, 60)
    expect(Number(store.status().details['segments'])).toBeGreaterThan(5)
    await expectAlike(follower, store)
    expect(JSON.stringify(await follower.find(45))).toBe((await all(store))[44])
  })

  test('are searched by their index files as soon as those are there', async () => {
    const where = disk()
    const { writer, store } = await writerOn(where)
    const follower = await followed(writer, where)
    await fill(store, 40)
    await until(() => follower.status().details['indexesInMemory'] === 0)
    await expectAlike(follower, store)
  })

  test('are found where they are by a follower that was not told that they are archived', async () => {
    const aged = await agedDisk(6, DATA)
    const silent = new SilentWriter()
    const options = { archiveAfterDays: 2, clock: aged.clock, monotonic: aged.clock.steady }
    const { writer, store } = await writerOn(aged.disk, options, silent)
    const follower = await followed(writer, aged.disk, { openFiles: 1 })
    while (await store.maintenance.pass());
    expect(filesOf(aged.disk, '.zst')).not.toEqual([])
    expect((await follower.find(1))?.position).toBe(1)
    expect((await follower.stream('stream-0'))?.revision).toBe((await store.stream('stream-0'))?.revision)
    expect(await all(follower)).toEqual(aged.events)
    expect(follower.status().details['archived']).toBe(store.status().details['archived'])
  })

  test('that are retired are gone, and what is carried of their streams is known', async () => {
    const aged = await agedDisk(9, DATA)
    const options = { archiveAfterDays: 2, retainArchivesDays: 5, clock: aged.clock, monotonic: aged.clock.steady }
    const { writer, store } = await writerOn(aged.disk, options)
    const follower = await followed(writer, aged.disk)
    const lonely = JSON.parse(aged.events[1] as string).stream as string
    while (await store.maintenance.pass());
    await until(() => follower.status().first === store.status().first, 5)
    expect(follower.status().first).toBeGreaterThan(EVENTS_A_DAY)
    expect(await all(follower)).toEqual(await all(store))
    expect(await follower.stream(lonely)).toEqual(await store.stream(lonely))
    expect(await follower.find(1)).toBeUndefined()
  })

  test('are caught up with by a follower that was away while they came and went', async () => {
    const aged = await agedDisk(3, DATA)
    const silent = new SilentWriter()
    const options = { archiveAfterDays: 1, retainArchivesDays: 2, segmentBytes: SMALL.segmentBytes }
    const held = await AgedStore.open(aged.disk, DATA, aged.clock, options)
    silent.attach(held.store)
    closing(held.store)
    const follower = await followed(silent, aged.disk)
    for (let day = 0; day < 9; day++) await held.day()
    while (await held.store.maintenance.pass());
    expect(held.store.status().first).toBeGreaterThan(3 * EVENTS_A_DAY)
    expect(await all(follower)).toEqual(await held.events())
  })
})

describe('what a follower shows', () => {
  test('is never what a crash may take back', async () => {
    const where = new LateDisk(disk())
    const { writer, store } = await writerOn(where)
    const follower = await followed(writer, where)
    await fill(store, 3)
    where.hold()
    const late = store.append({ events: [{ type: 'late', stream: 'late', data: {} }], author })
    await where.written()
    expect(await all(follower)).toHaveLength(3)
    expect(await follower.stream('late')).toBeUndefined()
    expect(follower.head()).toBe(3)
    where.release()
    await late
    expect(await all(follower)).toHaveLength(4)
  })

  test('is at once what was acknowledged on another one', async () => {
    const where = disk()
    const { writer } = await writerOn(where)
    const [one, other] = [await followed(writer, where), await followed(writer, where, { verify: false })]
    for (let n = 0; n < 200; n++) {
      const { lastPosition } = await one.append({ events: [{ type: 'ticked', stream: `s${n}`, data: { n } }], author })
      expect((await other.stream(`s${n}`))?.lastPosition).toBe(lastPosition)
      expect((await other.find(lastPosition))?.data).toEqual({ n })
    }
  })

  test('goes on while the writer is away, and on with the next one', async () => {
    const where = disk()
    const { writer, store } = await writerOn(where)
    const follower = await followed(writer, where)
    let current = store
    for (let life = 0; life < 4; life++) {
      await fill(follower, 3 + 5 * life, 100 * life)
      const before = await all(current)
      await current.close()
      writer.detach()
      expect(await all(follower)).toEqual(before)
      const refused = follower.append({ events: [{ type: 'refused', stream: 's', data: {} }], author })
      await expect(refused).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
      const waiting = follower.beyond(follower.head())
      current = (await writerOn(where, {}, writer)).store
      await fill(current, 1)
      expect(await waiting).toBe(current.head())
      await expectAlike(follower, current)
    }
  })

  test('is, verb by verb, its own or the writer’s, as the list says', async () => {
    const where = disk()
    const { writer, store } = await writerOn(where)
    const follower = await followed(writer, where)
    await fill(follower, 2)
    writer.detach()
    const asked: Record<keyof EventStore, () => unknown> = {
      append: () => follower.append({ events: [{ type: 't', stream: 's', data: {} }], author }),
      read: () => all(follower),
      find: () => follower.find(1),
      stream: () => follower.stream('s0'),
      streams: () => follower.streams({}),
      head: () => follower.head(),
      beyond: () => follower.beyond(0),
      status: () => follower.status(),
      lineage: () => follower.lineage(),
      owned: () => follower.owned() || Promise.reject(new Error('nobody does')),
      close: () => follower.close(),
    }
    const answers: Record<string, string> = {}
    for (const [verb, ask] of Object.entries(asked)) {
      const answer = (async () => ask())()
      answers[verb] = await answer.then(
        () => 'follower',
        () => 'writer',
      )
    }
    expect(answers).toEqual(ANSWERED_BY)
    await store.close()
  })
})

describe('damage', () => {
  const RECORD = 4096 + 76 + 36

  test('that a follower meets is written down by the writer before the reader hears of it, and mended for both', async () => {
    const aged = await agedDisk(5, DATA)
    await backupStore(DATA, '/backup', { disk: aged.disk })
    const options = { clock: aged.clock, monotonic: aged.clock.steady, archiveAfterDays: 0, restoreFrom: '/backup' }
    const { writer, store } = await writerOn(aged.disk, options)
    const follower = await followed(writer, aged.disk)
    aged.disk.flip(filesOf(aged.disk, '.log').filter(path => path.startsWith(DATA))[0] as string, RECORD + 20)
    await expect(follower.find(1)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
    expect(store.status()).toMatchObject({ write: { reason: 'corrupt' }, damaged: [{ from: 1, to: 1 }] })
    expect(follower.status()).toMatchObject({ write: { reason: 'corrupt' }, damaged: [{ from: 1, to: 1 }] })
    await expect(fill(follower, 1)).rejects.toMatchObject({ code: 'READ_ONLY' })
    expect((await follower.find(2))?.position).toBe(2)
    await store.maintenance.pass()
    await until(() => follower.status().damaged.length === 0, 5)
    expect(await all(follower)).toEqual(aged.events)
    await fill(follower, 1)
  })

  test('of what a follower has not walked yet costs that event alone', async () => {
    const where = disk()
    const silent = new SilentWriter()
    const { writer, store } = await writerOn(where, { segmentBytes: 100_000 }, silent)
    const follower = await followed(writer, where)
    await fill(store, 1)
    const size = (await all(follower)).length
    expect(size).toBe(1)
    await fill(store, 3, 1)
    const [log] = filesOf(where, '.log') as [string]
    const bytes = Buffer.from(where.bytes(log))
    const second = bytes.indexOf('LHf1', bytes.indexOf('LHf1') + 1)
    where.flip(log, second + 20)
    // The writer can read the event, so it is looked at twice.
    await expect(all(follower)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    await expect(all(follower)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
    const skipped: number[] = []
    const rest = await all(follower, { onDamaged: ({ from, to }) => skipped.push(from, to) })
    expect(rest.map(event => JSON.parse(event).position)).toEqual([1, 3, 4])
    expect(skipped).toEqual([2, 2])
  })

  test('of an index is no damage of the log: the follower makes one of its own', async () => {
    const aged = await agedDisk(5, DATA)
    const { writer } = await writerOn(aged.disk, { clock: aged.clock, monotonic: aged.clock.steady })
    for (const path of filesOf(aged.disk, '.idx')) await aged.disk.unlink(path)
    const follower = await followed(writer, aged.disk)
    const filter = { streams: ['stream-1'] }
    const found = (await all(follower, { filter })).length
    expect(found).toBe(aged.events.filter(event => JSON.parse(event).stream === 'stream-1').length)
    expect(filesOf(aged.disk, '.idx')).toEqual([])
  })
})

test('a follower changes no file and leaves none open', async () => {
  const where = disk()
  const { writer, store } = await writerOn(where)
  await fill(store, 40)
  await store.close()
  writer.detach()
  const before = contents(where)
  const follower = await followed(writer, where)
  expect(await all(follower)).toHaveLength(40)
  await follower.close()
  expect(contents(where)).toEqual(before)
  expect(where.openFiles).toEqual([])
})

/** A disk that tells of a write late: the bytes can be read already, and may be lost yet. */
class LateDisk extends DiskWrapper {
  private gate: PromiseWithResolvers<void> | undefined
  private arrival = Promise.withResolvers<void>()

  hold(): void {
    this.gate = Promise.withResolvers()
    this.arrival = Promise.withResolvers()
  }

  written(): Promise<void> {
    return this.arrival.promise
  }

  release(): void {
    this.gate?.resolve()
    this.gate = undefined
  }

  override async open(path: string, options: OpenOptions): Promise<DiskFile> {
    const file = await this.disk.open(path, options)
    return {
      path,
      write: async (chunks, position) => {
        const count = await file.write(chunks, position)
        this.arrival.resolve()
        await this.gate?.promise
        return count
      },
      sync: () => file.sync(),
      truncate: length => file.truncate(length),
      size: () => file.size(),
      read: (into, position) => file.read(into, position),
      readSync: (into, position) => file.readSync(into, position),
      close: () => file.close(),
    }
  }
}
