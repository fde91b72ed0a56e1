// An index whose pages have their checksums and say something else than the log: it is told, and nothing else goes wrong.
import { crc32 } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { FilePool } from '../disk/file-pool.js'
import { compareIndex, FreshPostings, type IndexFault } from './compare-index.js'
import { FilterBudget } from './filter-budget.js'
import { decodeHeader, PAGE_BYTES, pageSeed, SECTION, type Section, sealPage } from './index-format.js'
import { PageCache } from './page-cache.js'
import { KIND_COUNT } from './postings.js'
import { type IndexContext, openIndex } from './sealed-postings.js'
import { writeIndex } from './write-index.js'

const PATH = '/segments/seg.idx'
const PAGE_CONTENT = PAGE_BYTES - 4
const KINDS = { enumerable: 0b0000_0011, filtered: 0b0000_0101 }
/** More than a block of a list holds, twice. */
const EVENTS = 2_200
const IDENTITY = { firstPosition: 1, count: EVENTS, logLength: EVENTS * 10, sealHash: Buffer.alloc(32, 7) }
const BLOCKS = Uint32Array.from({ length: Math.ceil(IDENTITY.logLength / 4096) }, (_, at) => crc32(`block ${at}`))

function freshPostings(): FreshPostings {
  const fresh = new FreshPostings(KINDS)
  for (let n = 0; n < EVENTS; n++) {
    fresh.add(n * 10, n * 10 + 9)
    fresh.term(n, 0, 'all')
    if (n % 200 === 0) fresh.term(n, 1, `of-${n % 400}`)
    if (n % 700 === 0) fresh.term(n, 2, `single-${n}`)
  }
  return fresh
}

const fresh = freshPostings()
const disk = new FakeDisk({ directories: ['/', '/segments'] })
await writeIndex(disk, PATH, fresh, IDENTITY, BLOCKS, async () => undefined)
const sound = Buffer.from(disk.bytes(PATH))
const sections = (decodeHeader(sound.subarray(0, PAGE_BYTES))?.sections ?? []) as readonly Section[]

/** What is told of the file with this byte of a section in the place of what it holds; undefined when nothing is. */
async function toldOf(section: Section, at: number, change: (byte: number) => number): Promise<IndexFault | undefined> {
  const bytes = Buffer.from(sound)
  const page = section.firstPage + Math.floor(at / PAGE_CONTENT)
  const place = page * PAGE_BYTES + (at % PAGE_CONTENT)
  bytes[place] = change(bytes[place] as number)
  sealPage(
    bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES),
    page === 0 ? 0 : (pageSeed(IDENTITY) + page) >>> 0,
  )
  disk.put(PATH, bytes)
  const pages = new PageCache(undefined, new FilterBudget())
  const context: IndexContext = { pool: new FilePool(disk, 4), pages, kinds: KINDS }
  const found = await openIndex(PATH, IDENTITY, context)
  if (found === undefined) return { damaged: 'it is not opened' }
  const fault = await compareIndex(found, fresh, BLOCKS)
  await context.pool.closeAll()
  return fault
}

const CHANGES: readonly [string, (byte: number) => number][] = [
  ['a bit of it', byte => byte ^ 1],
  ['all of it', byte => byte ^ 0xff],
]
const EXACT = [SECTION.offsets, SECTION.gaps, SECTION.lists, SECTION.dictionary, SECTION.blocks]
const TEXTS = Array.from({ length: KIND_COUNT }, (_, kind) => SECTION.texts + kind)

test('as it was written it is that of the log', async () => {
  expect(await toldOf(sections[SECTION.offsets] as Section, 0, byte => byte)).toBeUndefined()
})

test.each(CHANGES)('wherever %s is another, the index is found to be damaged or wrong', async (_, change) => {
  const told = { damaged: 0, wrong: 0 }
  const missed: string[] = []
  for (const number of [...EXACT, ...TEXTS]) {
    const section = sections[number] as Section
    const step = Math.max(1, Math.floor(section.length / 24))
    for (let at = 0; at < section.length; at += step) {
      const fault = await toldOf(section, at, change)
      if (fault === undefined) missed.push(`byte ${at} of section ${number}`)
      else if ('damaged' in fault) told.damaged++
      else told.wrong++
    }
  }
  expect(missed).toEqual([])
  expect(told).toEqual({ damaged: expect.any(Number), wrong: expect.any(Number) })
  expect(Math.min(told.damaged, told.wrong)).toBeGreaterThan(5)
})

test('a filter that has lost bits hides terms that are there, which is found', async () => {
  const section = sections[SECTION.filter] as Section
  let wrong = 0
  for (let at = 0; at < section.length; at++) if ((await toldOf(section, at, () => 0)) !== undefined) wrong++
  expect(wrong).toBeGreaterThan(0)
})

test('an index of fewer events than the log is wrong', async () => {
  disk.put(PATH, sound)
  const context: IndexContext = {
    pool: new FilePool(disk, 4),
    pages: new PageCache(undefined, new FilterBudget()),
    kinds: KINDS,
  }
  const more = freshPostings()
  more.add(EVENTS * 10, EVENTS * 10 + 9)
  const found = await openIndex(PATH, IDENTITY, context)
  expect(found && (await compareIndex(found, more, BLOCKS))).toEqual({
    wrong: `it has ${EVENTS} events, the log ${EVENTS + 1}`,
  })
  await context.pool.closeAll()
})

/** What may be another: a byte between two fields, and the lengths of sections whose length nothing else says. */
function mayBeAnother(at: number): boolean {
  const [between, table, entry] = [71, 72, 8]
  const section = Math.floor((at - table) / entry)
  const isLength = at >= table && (at - table) % entry >= 4
  return at === between || (isLength && (section === SECTION.lists || section >= SECTION.filter))
}

test('a header that contradicts itself, the file or the segment is not opened', async () => {
  const opened: number[] = []
  const header = { firstPage: 0, length: PAGE_CONTENT }
  for (let at = 0; at < 128; at++) {
    for (const [, change] of CHANGES) {
      const fault = await toldOf(header, at, change)
      if (fault === undefined || !('damaged' in fault)) opened.push(at)
    }
  }
  expect(opened.filter(at => !mayBeAnother(at))).toEqual([])
})
