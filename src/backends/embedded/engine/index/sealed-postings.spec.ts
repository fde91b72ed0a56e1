// Postings in memory and in a file against a naive model, and what damage of the file may and may not do.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { tries } from '../../../../../test/support/effort.js'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { makeTempDirectory, removeTempDirectory } from '../../../../../test/support/temp-directory.js'
import type { Disk, DiskFile } from '../disk/disk.js'
import { FilePool } from '../disk/file-pool.js'
import { RealDisk } from '../disk/real-disk.js'
import { ActivePostings } from './active-postings.js'
import { FilterBudget } from './filter-budget.js'
import { IndexDamaged, type IndexIdentity, PAGE_BYTES, SECTION } from './index-format.js'
import { PageCache } from './page-cache.js'
import type { Postings } from './postings.js'
import { type IndexContext, openIndex, type SealedPostings } from './sealed-postings.js'
import { type HashTerm, hashTerm } from './term-hash.js'
import { writeIndex } from './write-index.js'

const KINDS = { enumerable: 0b0000_0011, filtered: 0b0000_0101 }
const ENUMERABLE = [0, 1]
const EVERY_KIND = [0, 1, 2, 3, 4, 5, 6, 7]
const noPause = async () => undefined

interface ModelEvent {
  readonly offset: number
  readonly end: number
  readonly terms: readonly (readonly [kind: number, text: string])[]
}

function activeOf(events: readonly ModelEvent[], hash?: HashTerm): ActivePostings {
  const postings = new ActivePostings(KINDS, hash)
  for (const event of events) {
    const ordinal = postings.add(event.offset, event.end)
    for (const [kind, text] of event.terms) postings.term(ordinal, kind, text)
  }
  return postings
}

function identityOf(events: readonly ModelEvent[], firstPosition = 1000): IndexIdentity {
  const logLength = (events.at(-1)?.end ?? 0) + 100
  return { firstPosition, count: events.length, logLength, sealHash: Buffer.alloc(32, 7) }
}

function checksumsOf(identity: IndexIdentity): Uint32Array {
  return Uint32Array.from({ length: Math.ceil(identity.logLength / 4096) }, (_, i) => crc32(`block ${i}`))
}

function shelfOn(
  disk: Disk,
  options: { hash?: HashTerm; cacheBytes?: number; filterBytes?: number } = {},
): IndexContext {
  const pages = new PageCache(options.cacheBytes, new FilterBudget(options.filterBytes))
  const shelf = { pool: new FilePool(disk, 4), pages, kinds: KINDS }
  return options.hash === undefined ? shelf : { ...shelf, hash: options.hash }
}

function ordinalsIn(events: readonly ModelEvent[], kind: number, text: string): number[] {
  return events.flatMap((event, ordinal) => (event.terms.some(([k, t]) => k === kind && t === text) ? [ordinal] : []))
}

function lastBelow(ordinals: readonly number[], below: number): number {
  return ordinals.filter(ordinal => ordinal < below).at(-1) ?? -1
}

/** Every answer equals the model's, also for texts that no event has. */
function expectExact(postings: Postings, events: readonly ModelEvent[], texts: readonly string[]): void {
  expect(postings.count).toBe(events.length)
  const places = events.map((_, ordinal) => [postings.offset(ordinal), postings.end(ordinal)])
  expect(places).toEqual(events.map(event => [event.offset, event.end]))
  const belows = [0, 1, Math.floor(events.length / 2), events.length, events.length + 5]
  const expected: unknown[] = []
  const given: unknown[] = []
  for (const kind of EVERY_KIND) {
    for (const text of texts) {
      const ordinals = ordinalsIn(events, kind, text)
      const surely = ordinals.length > 0 ? [kind, text] : []
      expected.push(surely, ordinals, ordinals.at(-1) ?? -1, ...belows.map(below => lastBelow(ordinals, below)))
      given.push(ordinals.length > 0 && postings.mayContain(kind, text) ? [kind, text] : [])
      given.push([...postings.ordinals(kind, text)], postings.last(kind, text))
      given.push(...belows.map(below => postings.last(kind, text, below)))
    }
  }
  expect(given).toEqual(expected)
  for (const kind of ENUMERABLE) {
    const kept = texts.filter(text => ordinalsIn(events, kind, text).length > 0)
    expect([...postings.texts(kind)].sort()).toEqual([...kept].sort())
  }
}

/** With colliding hashes nothing is missing, everything rises, and `last` repeated finds all that is there. */
function expectNothingMissing(postings: Postings, events: readonly ModelEvent[], texts: readonly string[]): void {
  for (const kind of EVERY_KIND) {
    for (const text of texts) {
      const expected = ordinalsIn(events, kind, text)
      const given = [...postings.ordinals(kind, text)]
      expect(given).toEqual([...new Set(given)].sort((a, b) => a - b))
      expect(given).toEqual(expect.arrayContaining(expected))
      if (expected.length > 0) expect(postings.mayContain(kind, text)).toBe(true)
      const backwards: number[] = []
      for (let last = postings.last(kind, text); last >= 0; last = postings.last(kind, text, last)) backwards.push(last)
      expect(backwards.reverse()).toEqual(given)
    }
  }
}

const textArb = fc.oneof(
  fc.constantFrom('a', 'b', 'order-1', 'order-2', 'order-10', '', 'é', '\ud800', '\u0000', 'ü\udc00x', 'a\u0000'),
  fc.string({ unit: 'binary', maxLength: 6 }),
)
const eventsArb: fc.Arbitrary<ModelEvent[]> = fc
  .array(
    fc.record({
      gap: fc.oneof({ weight: 8, arbitrary: fc.nat(90) }, { weight: 1, arbitrary: fc.nat(70_000) }),
      length: fc.nat(5000),
      terms: fc.array(fc.tuple(fc.nat(7), textArb), { maxLength: 6 }),
    }),
    { maxLength: 60 },
  )
  .map(steps => {
    let at = 0
    return steps.map(({ gap, length, terms }) => {
      const offset = at + gap
      at = offset + length
      return { offset, end: at, terms }
    })
  })

function textsOf(events: readonly ModelEvent[]): string[] {
  return [...new Set([...events.flatMap(event => event.terms.map(([, text]) => text)), 'absent', 'nowhere'])]
}

let directory: string
beforeAll(() => {
  directory = makeTempDirectory()
})
afterAll(() => removeTempDirectory(directory))

async function sealed(events: readonly ModelEvent[], hash?: HashTerm, cacheBytes?: number): Promise<SealedPostings> {
  const disk = new RealDisk()
  const path = join(directory, 'model.idx')
  const identity = identityOf(events)
  await writeIndex(disk, path, activeOf(events, hash), identity, checksumsOf(identity), noPause)
  const shelf = shelfOn(disk, { ...(hash && { hash }), ...(cacheBytes !== undefined && { cacheBytes }) })
  const opened = await openIndex(path, identity, shelf)
  expect(opened).toBeDefined()
  return opened as SealedPostings
}

describe('postings and the model', () => {
  it('agree in memory', () => {
    fc.assert(fc.property(eventsArb, events => expectExact(activeOf(events), events, textsOf(events))))
  })

  it('agree in memory after a truncation and what is added behind it', () => {
    fc.assert(
      fc.property(eventsArb, fc.nat(60), (events, cut) => {
        const postings = activeOf(events)
        postings.truncate(cut)
        const kept = events.slice(0, cut)
        expectExact(postings, kept, textsOf(events))
        for (const event of events.slice(cut)) {
          const ordinal = postings.add(event.offset, event.end)
          for (const [kind, text] of event.terms) postings.term(ordinal, kind, text)
        }
        expectExact(postings, events, textsOf(events))
      }),
    )
  })

  it('agree in a file', async () => {
    await fc.assert(
      fc.asyncProperty(eventsArb, async events => {
        const postings = await sealed(events)
        expectExact(postings, events, textsOf(events))
        expect([...postings.blockChecksums()]).toEqual([...checksumsOf(identityOf(events))])
        await postings.close()
      }),
      { numRuns: tries(60, 12) },
    )
  })

  it('lose nothing when hashes collide', async () => {
    const tiny: HashTerm = (kind, text) => ({ high: (hashTerm(kind, text).high & 3) << 30, low: text.length & 1 })
    const samePage: HashTerm = (kind, text) => ({ high: 5, low: hashTerm(kind, text).low & 7 })
    for (const hash of [tiny, samePage]) {
      await fc.assert(
        fc.asyncProperty(eventsArb, async events => {
          expectNothingMissing(activeOf(events, hash), events, textsOf(events))
          for (const kind of ENUMERABLE) {
            for (const text of textsOf(events)) {
              expect([...activeOf(events, hash).ordinals(kind, text)]).toEqual(ordinalsIn(events, kind, text))
            }
          }
          const postings = await sealed(events, hash)
          expectNothingMissing(postings, events, textsOf(events))
          await postings.close()
        }),
        { numRuns: tries(25, 5) },
      )
    }
  })

  it('agree on entries and lists that fill many pages, with a cache smaller than the file', async () => {
    const texts = Array.from({ length: 3000 }, (_, i) => `unique-${i}`)
    const events = texts.map((text, i) => ({
      offset: i * 30_000,
      end: i * 30_000 + 20_000 + (i % 7),
      terms: [[3, text] as const, [0, text] as const, [1, 'all'] as const, [2, i % 2 === 0 ? 'even' : 'odd'] as const],
    }))
    const postings = await sealed(events, undefined, 8 * PAGE_BYTES)
    texts.forEach((text, i) => {
      expect([...postings.ordinals(3, text)]).toEqual([i])
      expect(postings.last(0, text)).toBe(i)
      expect(postings.last(1, 'all', i)).toBe(i - 1)
      expect(postings.last(2, 'even', i)).toBe(i === 0 ? -1 : (i - 1) & ~1)
      expect([postings.offset(i), postings.end(i)]).toEqual([events[i]?.offset, events[i]?.end])
    })
    expect(postings.ordinals(1, 'all').length).toBe(3000)
    expect([...postings.texts(0)]).toEqual([...texts].sort())
    await postings.close()
  })

  it('agree on a dictionary of one repeated high hash across several pages', async () => {
    const stuck: HashTerm = (kind, text) => ({ high: text === 'before' ? 0 : 1 << 30, low: hashTerm(kind, text).low })
    const texts = ['before', ...Array.from({ length: 1500 }, (_, i) => `t${i}`)]
    const events = texts.map((text, i) => ({ offset: i * 10, end: i * 10 + 10, terms: [[4, text] as const] }))
    const postings = await sealed(events, stuck)
    texts.forEach((text, i) => {
      expect([...postings.ordinals(4, text)]).toEqual([i])
    })
    expect(postings.last(4, 'nowhere')).toBe(-1)
    await postings.close()
  })

  it('let a reader walk the texts while other lookups take the memory of the pages', async () => {
    const texts = Array.from({ length: 4000 }, (_, i) => `stream-with-a-rather-long-name-${i * 7919}`)
    const events = texts.map((text, i) => ({ offset: i * 10, end: i * 10 + 10, terms: [[0, text] as const] }))
    const postings = await sealed(events, undefined, 8 * PAGE_BYTES)
    const seen: string[] = []
    for (const text of postings.texts(0)) {
      expect(postings.last(0, text)).toBe(texts.indexOf(text))
      seen.push(text)
    }
    expect(seen).toEqual([...texts].sort())
    await postings.close()
  })
})

describe('postings in memory', () => {
  it('refuse entries that overlap, terms out of turn and texts that are not kept', () => {
    const postings = new ActivePostings(KINDS)
    postings.add(10, 20)
    expect(() => postings.add(19, 30)).toThrow(RangeError)
    expect(() => postings.add(20, 2 ** 32)).toThrow(RangeError)
    expect(() => postings.term(1, 0, 'a')).toThrow(RangeError)
    postings.add(20, 20)
    postings.term(1, 0, 'a')
    expect(() => postings.term(0, 0, 'a')).toThrow(RangeError)
    expect(() => postings.texts(2)).toThrow(RangeError)
    expect(() => postings.offset(2)).toThrow(RangeError)
    expect(() => postings.end(-1)).toThrow(RangeError)
  })

  it('give a view that stays as it was while more is added', () => {
    const postings = new ActivePostings(KINDS)
    for (let i = 0; i < 5; i++) postings.term(postings.add(i, i), 1, 'type')
    const view = postings.ordinals(1, 'type')
    for (let i = 5; i < 50_000; i++) postings.term(postings.add(i, i), 1, i % 2 === 0 ? 'type' : `other-${i % 1000}`)
    expect([...view]).toEqual([0, 1, 2, 3, 4])
  })
})

/** A disk of one file in memory, to damage at will. */
function diskOf(bytes: Buffer): Disk {
  const readSync = (into: Uint8Array, position: number) => {
    const part = bytes.subarray(position, position + into.length)
    into.set(part)
    return part.length
  }
  const file = {
    read: async (into: Uint8Array, position: number) => readSync(into, position),
    readSync,
    size: async () => bytes.length,
    close: async () => undefined,
  }
  return { openSync: () => file as unknown as DiskFile } as unknown as Disk
}

const SMALL: readonly ModelEvent[] = Array.from({ length: 12 }, (_, i) => ({
  offset: 100 + i * 500,
  end: 500 + i * 500,
  terms: [[0, `order-${i % 3}`] as const, [1, i % 4 === 0 ? 'paid' : 'placed'] as const, [2, `key-${i}`] as const],
}))
const SMALL_TEXTS = textsOf(SMALL)
const SMALL_IDENTITY = identityOf(SMALL)

async function smallIndex(events = SMALL, identity = SMALL_IDENTITY): Promise<Buffer> {
  const path = join(directory, 'small.idx')
  await writeIndex(new RealDisk(), path, activeOf(events), identity, checksumsOf(identity), noPause)
  return fs.readFileSync(path)
}

function answersOf(postings: SealedPostings): string {
  return JSON.stringify([
    SMALL.map((_, i) => [postings.offset(i), postings.end(i)]),
    [0, 1, 2].map(kind => SMALL_TEXTS.map(text => [...postings.ordinals(kind, text)])),
    [0, 2].map(kind => SMALL_TEXTS.map(text => !postings.mayContain(kind, text))),
    [[...postings.texts(0)], [...postings.texts(1)], [...postings.blockChecksums()]],
  ])
}

/** What a damaged file may do: be refused, throw on reading, or answer as the whole one does. */
async function verdict(bytes: Buffer, right?: string): Promise<'refused' | 'damaged' | 'right'> {
  const shelf = { pool: new FilePool(diskOf(bytes), 1), pages: new PageCache(8 * PAGE_BYTES), kinds: KINDS }
  const postings = await openIndex('small.idx', SMALL_IDENTITY, shelf)
  if (postings === undefined) return 'refused'
  try {
    if (answersOf(postings) !== right) throw new Error('a wrong answer')
    return 'right'
  } catch (error) {
    if (error instanceof IndexDamaged) return 'damaged'
    throw error
  }
}

describe('a damaged index file', () => {
  it('is refused or found out at every flipped byte, and never answers wrongly', async () => {
    const bytes = await smallIndex()
    const whole = (await openIndex('small.idx', SMALL_IDENTITY, shelfOn(diskOf(bytes)))) as SealedPostings
    expectExact(whole, SMALL, SMALL_TEXTS)
    const right = answersOf(whole)
    expect(await verdict(bytes, right)).toBe('right')
    const counts = { refused: 0, damaged: 0, right: 0 }
    for (let at = 0; at < bytes.length; at++) {
      const before = bytes[at] as number
      bytes[at] = before ^ (1 << (at & 7))
      counts[await verdict(bytes, right)]++
      bytes[at] = before
    }
    expect(counts).toEqual({ refused: PAGE_BYTES, damaged: bytes.length - PAGE_BYTES, right: 0 })
  }, 120_000)

  it('is refused at every other length', async () => {
    const bytes = await smallIndex()
    for (let length = 0; length < bytes.length; length++) {
      if ((await verdict(bytes.subarray(0, length))) !== 'refused') throw new Error(`accepted at ${length} bytes`)
    }
    expect(await verdict(Buffer.concat([bytes, Buffer.alloc(1)]))).toBe('refused')
    expect(await verdict(Buffer.concat([bytes, bytes.subarray(0, PAGE_BYTES)]))).toBe('refused')
  }, 120_000)

  it('is found out when two pages change places or one comes from another index', async () => {
    const bytes = await smallIndex()
    const pages = bytes.length / PAGE_BYTES
    const page = (source: Buffer, i: number) => source.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES)
    for (let i = 1; i < pages; i++) {
      const swapped = Buffer.from(bytes)
      const other = i === 1 ? 2 : 1
      page(bytes, other).copy(swapped, i * PAGE_BYTES)
      expect(await verdict(swapped)).toBe('damaged')
    }
    const foreign = await smallIndex(SMALL, { ...SMALL_IDENTITY, firstPosition: 5 })
    for (let i = 1; i < pages; i++) {
      const mixed = Buffer.from(bytes)
      page(foreign, i).copy(mixed, i * PAGE_BYTES)
      expect(await verdict(mixed)).toBe('damaged')
    }
  })

  it('is found out when it shrinks or vanishes after it was opened', async () => {
    const disk = new RealDisk()
    const path = join(directory, 'shrinking.idx')
    await writeIndex(disk, path, activeOf(SMALL), SMALL_IDENTITY, checksumsOf(SMALL_IDENTITY), noPause)
    const shelf = shelfOn(disk)
    const postings = (await openIndex(path, SMALL_IDENTITY, shelf)) as SealedPostings
    fs.truncateSync(path, 2 * PAGE_BYTES)
    expect(postings.offset(3)).toBe(SMALL[3]?.offset)
    expect(() => postings.ordinals(0, 'order-1')).toThrow(IndexDamaged)
    await shelf.pool.forget(path)
    fs.unlinkSync(path)
    expect(() => postings.ordinals(0, 'order-1')).toThrow(IndexDamaged)
    await postings.close()
  })
})

describe('opening an index', () => {
  it('refuses one that is missing, stale, of the next version or of other kinds', async () => {
    const bytes = await smallIndex()
    const open = (identity: IndexIdentity, source = bytes, kinds = KINDS) =>
      openIndex('small.idx', identity, { ...shelfOn(diskOf(source)), kinds })
    expect(await open(SMALL_IDENTITY)).toBeDefined()
    expect(await open({ ...SMALL_IDENTITY, firstPosition: 1001 })).toBeUndefined()
    expect(await open({ ...SMALL_IDENTITY, count: 13 })).toBeUndefined()
    expect(await open({ ...SMALL_IDENTITY, logLength: 1 })).toBeUndefined()
    expect(await open({ ...SMALL_IDENTITY, sealHash: Buffer.alloc(32, 8) })).toBeUndefined()
    expect(await open(SMALL_IDENTITY, bytes, { ...KINDS, enumerable: 1 })).toBeUndefined()
    expect(await open(SMALL_IDENTITY, bytes, { ...KINDS, filtered: 1 })).toBeUndefined()
    const next = Buffer.from(bytes)
    next.writeUInt32LE(3, 8)
    next.writeUInt32LE(crc32(next.subarray(0, 4092)), 4092)
    expect(await open(SMALL_IDENTITY, next)).toBeUndefined()
    expect(await openIndex(join(directory, 'none.idx'), SMALL_IDENTITY, shelfOn(new RealDisk()))).toBeUndefined()
  })

  it('throws the errors of the disk as they are', async () => {
    for (const code of ['EIO', 'EMFILE']) {
      const disk = {
        openSync: () => {
          throw Object.assign(new Error(code), { code })
        },
      } as unknown as Disk
      await expect(openIndex('x.idx', SMALL_IDENTITY, shelfOn(disk))).rejects.toMatchObject({ code })
    }
  })

  it('shows the new file after one was replaced under the same path', async () => {
    const disk = new RealDisk()
    const shelf = shelfOn(disk)
    const path = join(directory, 'replaced.idx')
    for (const events of [SMALL, SMALL.map(event => ({ ...event, terms: [[0, 'new'] as const] }))]) {
      await writeIndex(disk, path, activeOf(events), SMALL_IDENTITY, checksumsOf(SMALL_IDENTITY), noPause)
      const postings = (await openIndex(path, SMALL_IDENTITY, shelf)) as SealedPostings
      expect([...postings.ordinals(0, 'order-1')]).toEqual(ordinalsIn(events, 0, 'order-1'))
    }
    await shelf.pool.closeAll()
  })
})

describe('writing an index', () => {
  it('has the same bytes as ever: a change of them is a new version of the format', async () => {
    const bytes = await smallIndex()
    expect(bytes.length / PAGE_BYTES).toBe(9)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      'cbd43a0cbfbc85d28acc9c62ac133f865152538746a644ae24fbdf82f23f34e4',
    )
  })

  it('leaves the old file and nothing else when any operation fails, and the next attempt succeeds', async () => {
    const path = '/d/a.idx'
    const write = (disk: Disk) =>
      writeIndex(disk, path, activeOf(SMALL), SMALL_IDENTITY, checksumsOf(SMALL_IDENTITY), noPause)
    let failures = 0
    for (let failing = 1; ; failing++) {
      const disk = new FakeDisk({ directories: ['/d'] })
      await write(disk)
      disk.arm({ failAt: failing })
      const failed = await write(disk).catch((error: unknown) => error)
      disk.heal()
      if (disk.faultsDelivered === 0) break
      if (failed !== undefined) failures++
      expect(disk.openFiles).toEqual([])
      expect(await openIndex(path, SMALL_IDENTITY, shelfOn(disk))).toBeDefined()
      await write(disk)
      expect(await disk.list('/d')).toEqual(['a.idx'])
    }
    expect(failures).toBeGreaterThanOrEqual(6)
  })

  it('survives a power loss at any operation as the old file or the new one, whole', async () => {
    const path = '/d/a.idx'
    const newer = SMALL.map(event => ({ ...event, terms: [[0, 'newer'] as const] }))
    const write = (disk: Disk, events: readonly ModelEvent[]) =>
      writeIndex(disk, path, activeOf(events), SMALL_IDENTITY, checksumsOf(SMALL_IDENTITY), noPause)
    const seen = { old: 0, new: 0 }
    for (let dying = 1, done = false; !done; dying++) {
      for (let seed = 1; seed <= 5; seed++) {
        const disk = new FakeDisk({ directories: ['/d'], seed })
        await write(disk, SMALL)
        disk.arm({ dieAt: dying })
        done = await write(disk, newer).then(
          () => true,
          () => false,
        )
        const found = await openIndex(path, SMALL_IDENTITY, shelfOn(disk.afterCrash(seed)))
        const isNew = found?.last(0, 'newer') === SMALL.length - 1
        expectExact(found as SealedPostings, isNew ? newer : SMALL, isNew ? ['newer'] : SMALL_TEXTS)
        if (done) expect(isNew).toBe(true)
        seen[isNew ? 'new' : 'old']++
      }
    }
    expect(Math.min(seen.old, seen.new)).toBeGreaterThan(5)
  })

  it('fails on a full disk that only shows as a short write', async () => {
    const disk = new FakeDisk({ directories: ['/d'], capacityBytes: 20_000 })
    const attempt = writeIndex(disk, '/d/a.idx', activeOf(SMALL), SMALL_IDENTITY, checksumsOf(SMALL_IDENTITY), noPause)
    await expect(attempt).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(await disk.list('/d')).toEqual([])
  })

  it('refuses what does not belong to the segment', async () => {
    const write = (identity: IndexIdentity, checksums = checksumsOf(identity)) =>
      writeIndex(new RealDisk(), join(directory, 'refused.idx'), activeOf(SMALL), identity, checksums, noPause)
    await expect(write({ ...SMALL_IDENTITY, count: 11 })).rejects.toThrow(RangeError)
    await expect(write({ ...SMALL_IDENTITY, logLength: 10 })).rejects.toThrow(RangeError)
    await expect(write(SMALL_IDENTITY, new Uint32Array(1))).rejects.toThrow(RangeError)
    expect(fs.existsSync(join(directory, 'refused.idx'))).toBe(false)
  })
})

/** 100,000 events of 10,000 streams and 50 types; with unique terms, two more that no other event has. */
function realistic(withUniqueTerms: boolean): ActivePostings {
  const postings = new ActivePostings(KINDS)
  let at = 4096
  let random = 1
  const draw = (below: number) => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0
    return Math.floor((random / 2 ** 32) * below)
  }
  for (let i = 0; i < 100_000; i++) {
    const length = 500 + draw(500)
    const ordinal = postings.add(at, at + length)
    at += length + 150
    postings.term(ordinal, 0, `order-${draw(10_000)}`)
    postings.term(ordinal, 1, `order.type-${draw(50)}`)
    postings.term(ordinal, 3, `agent-${draw(100)}`)
    postings.term(ordinal, 4, `tag-${draw(1000)}`)
    if (!withUniqueTerms) continue
    postings.term(ordinal, 2, `key-${i}`)
    postings.term(ordinal, 5, `correlation-${i}`)
  }
  return postings
}

describe('an index of 100,000 events', () => {
  const disk = new RealDisk()
  let path: string
  let active: ActivePostings
  let identity: IndexIdentity

  async function write(withUniqueTerms: boolean): Promise<number> {
    path = join(directory, 'large.idx')
    active = realistic(withUniqueTerms)
    identity = { ...SMALL_IDENTITY, count: active.count, logLength: active.end(active.count - 1) }
    await writeIndex(disk, path, active, identity, checksumsOf(identity), noPause)
    return fs.statSync(path).size / active.count
  }

  it('takes at most 20 bytes per event, and 45 with two unique terms', async () => {
    expect(await write(false)).toBeLessThanOrEqual(20)
    expect(await write(true)).toBeLessThanOrEqual(45)
  })

  it('finds a term with at most two page reads nearly always, and filters nearly all absent ones', async () => {
    const shelf = shelfOn(disk)
    let reads = 0
    const file = shelf.pool.file.bind(shelf.pool)
    shelf.pool.file = (from: string) => {
      reads++
      return file(from)
    }
    const lookups = 1000
    let within = 0
    for (let i = 0; i < lookups; i++) {
      const fresh = { ...shelf, pages: new PageCache(8 * PAGE_BYTES) }
      const postings = (await openIndex(path, identity, fresh)) as SealedPostings
      reads = 0
      if (postings.last(5, `absent-${i}`) === -1 && reads <= 2) within++
    }
    expect(within / lookups).toBeGreaterThan(0.97)
    const postings = (await openIndex(path, identity, shelf)) as SealedPostings
    const passed = Array.from({ length: lookups }, (_, i) => postings.mayContain(2, `absent-${i}`)).filter(Boolean)
    expect(passed.length / lookups).toBeLessThan(0.03)
    for (let stream = 0; stream < 10_000; stream += 97) {
      expect([...postings.ordinals(0, `order-${stream}`)]).toEqual([...active.ordinals(0, `order-${stream}`)])
    }
    await postings.close()
  })

  it('keeps no filter when there is no budget for it, and then answers exactly', async () => {
    const postings = (await openIndex(path, identity, shelfOn(disk, { filterBytes: 0 }))) as SealedPostings
    expect(postings.mayContain(0, 'order-7')).toBe(active.mayContain(0, 'order-7'))
    for (let i = 0; i < 1000; i++) if (postings.mayContain(2, `absent-${i}`)) throw new Error(`absent-${i} is there`)
    await postings.close()
  })

  it('is written in slices that end when their time is over', async () => {
    const slices: number[] = []
    let since = performance.now()
    const pause = async () => {
      slices.push(performance.now() - since)
      await new Promise(setImmediate)
      since = performance.now()
    }
    await writeIndex(disk, path, active, identity, checksumsOf(identity), pause)
    const median = slices.sort((a, b) => a - b)[slices.length >>> 1] as number
    expect(slices.length).toBeGreaterThan(10)
    expect(median).toBeLessThan(10)
  })
})

it('numbers its sections as the format says', () => {
  expect(SECTION).toEqual({ offsets: 0, gaps: 1, lists: 2, dictionary: 3, filter: 4, blocks: 5, texts: 6 })
})
