// Whether the check finds each fault that a store could have, and nothing where there is none, in memory that does not grow.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import type { RecordedEvent } from '#client'
import { refOf } from '#client/testing'
import { makeTempDirectory, removeTempDirectory } from '../../../../test/support/temp-directory.js'
import { checkLedger } from './check-ledger.js'
import { EventSource, type SentEvent } from './event-source.js'
import { RowFile } from './row-file.js'
import { SendLedger } from './send-ledger.js'

const folder = makeTempDirectory()
afterAll(() => removeTempDirectory(folder))

const START = '2026-11-02T08:00:00Z'

/** A store of one generator's events, which acknowledges what it stores. */
class Sent {
  readonly source = new EventSource('agent_operator/load-x/g', {
    seed: '1',
    agents: 3,
    largeShare: 0,
    about: 500,
    start: START,
  })
  readonly ledger = new SendLedger(this.source, join(folder, randomUUID()))
  readonly events: RecordedEvent[] = []

  static of(count: number): Sent {
    const sent = new Sent()
    for (let n = 0; n < count; n++) sent.store(sent.source.next(1_000.25 + n))
    return sent
  }

  store(one: SentEvent, { isAnswered = true } = {}): void {
    const position = this.events.length + 1
    const event = {
      tags: [],
      schemaVersion: 1,
      ...this.ledger.begin(one),
      id: `${position}_0_node`,
      position,
      timestamp: START,
      revision: 0,
    }
    this.events.push(structuredClone(event) as unknown as RecordedEvent)
    if (isAnswered) this.ledger.acknowledge(one.index, event)
  }

  check(events: readonly RecordedEvent[] = this.events, floor = 1) {
    const byId = async (id: string) => events.find(event => event.id === id)
    return checkLedger(this.ledger, this.source, { events: oneByOne(events), byId, floor: async () => floor })
  }

  refAt(place: number): string {
    return refOf(this.events[place] as RecordedEvent) ?? ''
  }
}

async function* oneByOne(events: readonly RecordedEvent[]) {
  yield* events
}

const NOBODY = { count: 0, first: [] }
const WRITTEN = { writtenFrom: START, writtenTo: START }
const CLEAN = {
  ...WRITTEN,
  retired: 0,
  unacknowledged: 0,
  lost: NOBODY,
  doubled: NOBODY,
  changed: NOBODY,
  unknown: NOBODY,
}
const one = (named: string | number) => ({ count: 1, first: [named] })

test('a store that has all of it, in more rounds than one and with their causes, is clean', async () => {
  const sent = Sent.of(2_000)
  expect(sent.events.filter(({ causationId }) => causationId !== undefined).length).toBeGreaterThan(500)
  expect(await sent.check()).toEqual({ ...CLEAN, stored: 2_000 })
})

test('an event that is lost is found, and what it has caused is not suspected', async () => {
  const sent = Sent.of(2_000)
  const at = sent.events.findIndex(({ id }) => sent.events.some(({ causationId }) => causationId === id))
  const rest = sent.events.filter((_, place) => place !== at)
  expect(await sent.check(rest)).toEqual({ ...CLEAN, stored: 1_999, lost: one(sent.refAt(at)) })
})

test('an event that is there twice is found', async () => {
  const sent = Sent.of(2_000)
  const again = { ...(sent.events[700] as RecordedEvent), position: 2_001 }
  expect(await sent.check([...sent.events, again])).toEqual({ ...CLEAN, stored: 2_000, doubled: one(sent.refAt(700)) })
})

test('an event that is elsewhere than was said is lost', async () => {
  const sent = Sent.of(100)
  const moved = sent.events.map((event, place) => (place === 60 ? { ...event, position: 160 } : event))
  expect(await sent.check(moved)).toEqual({ ...CLEAN, stored: 100, lost: one(sent.refAt(60)) })
})

test('what the rules of the store have removed is not lost, and what lies behind it is', async () => {
  const sent = Sent.of(2_000)
  const rest = sent.events.filter(({ position }) => position >= 901 && position !== 1_500)
  expect(await sent.check(rest, 901)).toEqual({ ...CLEAN, stored: 1_099, retired: 900, lost: one(sent.refAt(1_499)) })
})

test('whatever of an event is changed is found', async () => {
  const caused = Sent.of(600).events.findIndex(({ causationId }) => causationId !== undefined)
  const changes: ((event: RecordedEvent) => object)[] = [
    ({ data }) => ({ data: { ...data, note: 'x' } }),
    ({ data }) => ({ data: Object.fromEntries(Object.entries(data).slice(1)) }),
    ({ type }) => ({ type: `${type}d` }),
    ({ stream }) => ({ stream: `${stream}/other` }),
    ({ tags }) => ({ tags: [...tags, 'other'] }),
    ({ metadata }) => ({ metadata: { ...metadata, sentAt: 7 } }),
    () => ({ occurredAt: START }),
    () => ({ correlationId: 'other' }),
    () => ({ sessionId: undefined }),
    () => ({ schemaVersion: 9 }),
    () => ({ causationId: undefined }),
    () => ({ causationId: '1_0_node' }),
    () => ({ parents: ['1_0_node'] }),
  ]
  for (const change of changes) {
    const sent = Sent.of(600)
    const events = sent.events.map((event, place) => (place === caused ? { ...event, ...change(event) } : event))
    const found = await sent.check(events as RecordedEvent[])
    expect([String(change), found]).toEqual([
      String(change),
      { ...CLEAN, stored: 600, changed: one(sent.refAt(caused)) },
    ])
  }
})

test('an event that nobody has sent is found, whether or not it pretends', async () => {
  const sent = Sent.of(100)
  const like = sent.events[5] as RecordedEvent
  const foreign = { ...like, position: 101, metadata: {} }
  const early = { ...like, position: 102, metadata: { ref: sent.source.at(4_000, 0).ref } }
  const other = { ...like, position: 103, metadata: { ref: 'agent_operator/load-y/g/0/mix/1' } }
  const { unknown, ...rest } = await sent.check([...sent.events, foreign, early, other])
  const { unknown: _, ...clean } = CLEAN
  expect(rest).toEqual({ ...clean, stored: 100 })
  expect(unknown).toEqual({ count: 3, first: [101, early.metadata.ref, other.metadata.ref] })
})

test('an event whose answer was lost may be there or not', async () => {
  const sent = Sent.of(100)
  sent.store(sent.source.next(2_000), { isAnswered: false })
  expect(await sent.check()).toEqual({ ...CLEAN, stored: 101, unacknowledged: 1 })
  const never = Sent.of(100)
  never.ledger.begin(never.source.next(2_000))
  expect(await never.check()).toEqual({ ...CLEAN, stored: 100 })
})

test('of a million rows a few pages are in memory, and each is as it was written', () => {
  const rows = new RowFile(join(folder, randomUUID()), 16, undefined)
  for (let index = 0; index < 1_000_000; index++) rows.edit(index).writeUInt32LE(index, 4)
  rows.edit(3).writeUInt32LE(7, 0)
  expect(rows.pagesInMemory).toBeLessThanOrEqual(64)
  for (let index = 0; index < 1_000_000; index += 997) expect(rows.row(index).readUInt32LE(4)).toBe(index)
  expect([rows.row(3).readUInt32LE(0), rows.row(5_000_000).readUInt32LE(4)]).toEqual([7, 0])
  rows.close()
})
