// A store made anew from what another one exports: the same events, the same bytes, and going on from there.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { arbitraryJson } from '../../../test/support/arbitrary-json.js'
import { ManualClock } from '../../../test/support/manual-clock.js'
import { makeTempDirectory, removeTempDirectory } from '../../../test/support/temp-directory.js'
import { SERVICE_AGENT } from '../../contract/check/check-append.js'
import { type NewEvent, type SaidEvent } from '../../contract/event.js'
import { compareIds, type IdParts, parseId } from '../../contract/event-id.js'
import type { AppendRequest, EventStore } from '../../contract/event-store.js'
import { PackedMap } from '../../record/codec/scan.js'
import type { CopiedEvent } from './copied-record.js'
import { type EmbeddedStore, openEmbedded } from './embedded-store.js'
import { importStore } from './import-store.js'
import { verifyStore } from './verify-store.js'

let root: string
beforeEach(() => {
  root = makeTempDirectory()
})
afterEach(() => removeTempDirectory(root))

const SAFE = { allowUnsafeFilesystem: true, scrubBytesPerSecond: 0 }
const at = (name: string) => join(root, name)
const open = (name: string, more: object = {}) => openEmbedded({ directory: at(name), nodeId: name, ...SAFE, ...more })
const event = (parts: Partial<NewEvent> = {}): NewEvent => ({ type: 't', stream: 's', data: { n: 1 }, ...parts })
const author = { agentId: 'builder-1' }

/** What an export says of a store, after the way through lines. */
async function exported(store: EventStore, after = 0): Promise<CopiedEvent[]> {
  const copies: CopiedEvent[] = []
  for await (const stored of store.read({ after })) {
    const record = stored.exactBytes?.()
    const said = JSON.parse(JSON.stringify(stored)) as SaidEvent
    copies.push({ line: copies.length + 1, event: said, ...(record === undefined ? undefined : { record }) })
  }
  return copies
}

const lines = (copies: readonly CopiedEvent[], then?: () => void) =>
  async function* () {
    yield* copies
    then?.()
  }

const copyTo = (name: string, copies: readonly CopiedEvent[], more: object = {}) =>
  importStore({ directory: at(name), ...SAFE, ...more }, lines(copies))

async function fill(store: EmbeddedStore, appends: readonly AppendRequest[]): Promise<CopiedEvent[]> {
  for (const append of appends) await store.append(append)
  const copies = await exported(store)
  await store.close()
  return copies
}

const anEvent = fc.record({
  type: fc.constantFrom('a', 'b.c'),
  stream: fc.constantFrom('s', 't/1', 'u'),
  data: fc.oneof(
    arbitraryJson,
    // {"b": 1 in four bytes, "a": 1.5 in four}: no encoder of ours writes it so.
    fc.constant(new PackedMap(Buffer.from('82a162ce00000001a161ca3fc00000', 'hex'))),
    fc.constant({ zero: -0 }),
  ),
  metadata: fc.option(arbitraryJson, { nil: undefined }),
  tags: fc.option(fc.array(fc.constantFrom('x', 'y', 'ü'), { maxLength: 3 }), { nil: undefined }),
  schemaVersion: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
  causationId: fc.option(fc.constant('1_0_a'), { nil: undefined }),
  parents: fc.option(fc.constant(['1_0_a', '2_0_b']), { nil: undefined }),
  occurredAt: fc.option(fc.constant('2026-01-31T12:00:00+01:00'), { nil: undefined }),
})
const anAuthor = fc.constantFrom(
  author,
  { agentId: 'ü', onBehalfOf: ['p', 'q'], correlationId: 'c', traceparent: '00-1-2-01' },
  { agentId: SERVICE_AGENT },
)

test('whatever is in it, the copy is the same in every byte, passes verify and goes on behind it', async () => {
  const appends = fc.array(fc.tuple(fc.array(anEvent, { minLength: 1, maxLength: 5 }), anAuthor), { maxLength: 8 })
  let run = 0
  await fc.assert(
    fc.asyncProperty(appends, async made => {
      run++
      const requests = made.map(([events, by], i) => ({
        events: (by.agentId === SERVICE_AGENT ? events.map(of => ({ ...of, stream: '$own' })) : events) as NewEvent[],
        author: by,
        ...(i % 2 === 0 ? { key: `key ${i}` } : undefined),
      }))
      const copies = await fill(await open(`from-${run}`), requests)
      const report = await copyTo(`to-${run}`, copies)
      expect(report).toEqual({ copied: copies.length, already: 0, head: copies.length })
      expect((await verifyStore(at(`to-${run}`))).findings).toEqual([])
      const copy = await open(`to-${run}`, { clock: new ManualClock() })
      expect(await exported(copy)).toEqual(copies)
      const [first] = requests
      if (first !== undefined) expect((await copy.append(first)).duplicate).toBe(true)
      const next = await copy.append({ events: [event()], author })
      expect(next.firstPosition).toBe(copies.length + 1)
      const last = copies.at(-1)
      const parts = (id: string) => parseId(id) as IdParts
      if (last !== undefined)
        expect(compareIds(parts(next.events[0]?.id as string), parts(last.event.id))).toBeGreaterThan(0)
      await copy.close()
    }),
    { numRuns: 12 },
  )
})

/** Enough for several segments and several frames. */
async function many(name: string): Promise<CopiedEvent[]> {
  const batch = (from: number) =>
    Array.from({ length: 250 }, (_, i) => event({ stream: `s-${(from + i) % 7}`, data: { n: from + i } }))
  const appends = Array.from({ length: 12 }, (_, i) => ({ events: batch(i * 250), author, key: `k-${i}` }))
  return fill(await open(name), appends)
}

test('a large one goes through segments, and its index finds what the other one found', async () => {
  const copies = await many('from')
  await copyTo('to', copies, { segmentBytes: 64 * 1024 })
  expect(await verifyStore(at('to'))).toMatchObject({ clean: true, findings: [], events: 3_000 })
  const copy = await open('to')
  expect(copy.status().details['segments']).toBeGreaterThan(2)
  const found = []
  for await (const { revision } of copy.read({ filter: { streams: ['s-3'] } })) found.push(revision)
  expect(found).toEqual(Array.from({ length: found.length }, (_, i) => i))
  expect(await copy.stream('s-3')).toMatchObject({ revision: found.length - 1 })
  const { event: some } = copies[1_234] as CopiedEvent
  expect((await copy.find(some.id))?.checksum).toBe(some.checksum)
  await copy.close()
})

test('broken off in the middle it is no store; again, it is completed; a third time, there is nothing to do', async () => {
  const copies = await many('from')
  let passes = 0
  const broken = async function* () {
    passes++
    for (const copied of copies) {
      if (passes === 2 && copied.line === 2_100) throw new Error('power')
      yield copied
    }
  }
  await expect(importStore({ directory: at('to'), ...SAFE }, broken)).rejects.toThrow('power')
  await expect(open('to')).rejects.toMatchObject({ code: 'UNFINISHED_IMPORT' })
  expect(await copyTo('to', copies)).toEqual({ copied: 1_000, already: 2_000, head: 3_000 })
  expect(await copyTo('to', copies)).toEqual({ copied: 0, already: 3_000, head: 3_000 })
  const copy = await open('to')
  expect(await exported(copy)).toEqual(copies)
  await copy.close()
})

test('a later export of the same store adds what is new', async () => {
  const first = await fill(await open('from'), [{ events: [event(), event()], author }])
  await copyTo('to', first)
  const source = await open('from')
  await source.append({ events: [event({ stream: 'new' }), event()], author, key: 'k' })
  const later = await exported(source, 1)
  await source.close()
  expect(await copyTo('to', later)).toEqual({ copied: 2, already: 1, head: 4 })
  expect((await verifyStore(at('to'))).clean).toBe(true)
})

test('a store with other events is left as it is', async () => {
  const copies = await fill(await open('from'), [{ events: [event(), event()], author }])
  await fill(await open('other'), [{ events: [event({ data: { other: 1 } })], author }])
  await expect(copyTo('other', copies)).rejects.toThrow('line 1: position 1 is')
  const other = await open('other')
  expect(other.head()).toBe(1)
  await other.close()
})

test('a store in use is not touched', async () => {
  const copies = await fill(await open('from'), [{ events: [event()], author }])
  const used = await open('to')
  await expect(copyTo('to', copies)).rejects.toMatchObject({ code: 'LOCKED' })
  await used.close()
})

describe('refused by its line, before anything is written', () => {
  const changed = (copied: CopiedEvent | undefined, parts: Partial<SaidEvent>, more: Partial<CopiedEvent> = {}) => {
    const { line, event: said, ...rest } = copied as CopiedEvent
    return { line, event: { ...said, ...parts }, ...rest, ...more }
  }
  test.each<[string, (copies: CopiedEvent[]) => CopiedEvent[], string]>([
    ['other data', ([a, b]) => [a!, changed(b, { data: { n: 2 } })], 'line 2: the checksum of'],
    ['another agent', ([a, b]) => [changed(a, { agentId: 'b' }), b!], 'line 1: the record of'],
    ['another checksum', ([a, b]) => [a!, changed(b, { checksum: '00'.repeat(32) })], 'line 2: the checksum of'],
    ['no record', ([{ line, event: said } = {} as CopiedEvent]) => [{ line, event: said }], 'line 1: the checksum of'],
    ['a record too many', ([a, b]) => [a!, { ...b!, record: a!.record! }], 'line 2: the record of'],
    ['half a record', ([a]) => [{ ...a!, record: a!.record!.subarray(0, 30) }], 'line 1: the record of'],
    [
      'more than a record',
      ([a]) => [{ ...a!, record: Buffer.concat([a!.record!, Buffer.of(0)]) }],
      'line 1: the record',
    ],
    ['nonsense as a record', ([a]) => [{ ...a!, record: Buffer.from('nonsense') }], 'line 1: the record of'],
  ])('%s', async (_, change, words) => {
    const copies = await fill(await open('from'), [{ events: [event(), event()], author, key: 'k' }])
    await expect(copyTo('to', change(copies))).rejects.toThrow(words)
    expect(existsSync(at('to'))).toBe(false)
  })

  test('what does not begin at the beginning', async () => {
    const [, second] = await fill(await open('from'), [{ events: [event(), event()], author }])
    await expect(copyTo('to', [second as CopiedEvent])).rejects.toThrow('line 2: position 2 does not go on at 1')
    const to = await open('to')
    expect(to.head()).toBe(0)
    await to.close()
  })
})

test('an export that does not begin, go on or agree as the copy demands is refused by its line', async () => {
  const two = [event({ stream: 's' }), event({ stream: 's' }), event({ stream: 's' })].map(one => ({
    events: [one],
    author,
  }))
  const copies = await fill(await open('three'), two)
  await expect(
    copyTo(
      'late',
      copies.slice(1).map((copy, at) => ({ ...copy, line: at + 1 })),
    ),
  ).rejects.toMatchObject({
    message: expect.stringContaining('position 2 does not go on at 1'),
  })
  const [first] = await fill(await open('other'), [{ events: [event({ stream: 'other' })], author }])
  const mixed = [first as CopiedEvent, ...copies.slice(1)]
  await expect(copyTo('mixed', mixed)).rejects.toMatchObject({
    message: expect.stringContaining('revision 1 of s does not go on at 0'),
  })
  await copyTo('three-again', copies)
  await expect(copyTo('three-again', mixed)).rejects.toMatchObject({ message: expect.stringContaining('in the store') })
})
