// What a store keeps of its sealed segments: next to nothing of each, and the same answers however many there are.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from '@jest/globals'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { openEmbedded } from '../../embedded-store.js'
import { TERM_KINDS } from '../../terms.js'
import { FilePool } from '../disk/file-pool.js'
import type { Footer } from '../format/footer.js'
import { sha256 } from '../format/frame.js'
import { archiveName, Layout, segmentName } from '../format/names.js'
import type { SegmentIdentity } from '../format/segment-header.js'
import { ActivePostings } from '../index/active-postings.js'
import { IndexDamaged, sectionsOf } from '../index/index-format.js'
import { IndexPages } from '../index/index-pages.js'
import { PageCache } from '../index/page-cache.js'
import { SealedPostings } from '../index/sealed-postings.js'
import { KEPT_HANDLES, SealedSegments } from './sealed-segments.js'
import { indexIdentity } from './segment-row.js'

const EVENTS = 10
const layout = new Layout('/data')
const hash = (text: string) => sha256(Buffer.from(text))
const inMemory = () => new ActivePostings(TERM_KINDS)

function identityOf(number: number): SegmentIdentity {
  const firstPosition = number * EVENTS + 1
  const { salt, storeId } = { salt: 0xfedc_ba98, storeId: hash('store').subarray(0, 16) }
  return { salt, storeId, epoch: 3, firstPosition, firstBatch: number, createdMs: number, prev: hash(`prev ${number}`) }
}

function footerOf(number: number): Footer {
  const firstPosition = number * EVENTS + 1
  return {
    firstPosition,
    lastPosition: firstPosition + EVENTS - 1,
    frames: 7,
    dataEnd: 8_192,
    sealedMs: number + 1,
    chain: hash(`chain ${number}`),
    fileHash: hash(`file ${number}`),
    batch: number + 1,
    lost: 2,
  }
}

function emptyList(pages = new PageCache()): SealedSegments {
  const pool = new FilePool(new FakeDisk({ directories: ['/data'] }), 4)
  return new SealedSegments({ layout, pool }, { pool, pages, kinds: TERM_KINDS })
}

function addTo(list: SealedSegments, number: number, postings: ActivePostings | SealedPostings = inMemory()) {
  const [identity, footer] = [identityOf(number), footerOf(number)]
  const path = `${layout.segments}/${segmentName(identity.firstPosition, 3)}`
  return list.add({ path, epoch: 3, identity, footer, length: 8_320, postings })
}

/** As an index that was opened from its file. */
function onDisk(number: number): SealedPostings {
  const { firstPosition, count } = indexIdentity(footerOf(number))
  const sections = sectionsOf([44, 10, 0, 120, 13, 8, 30, 20, 0, 0, 0, 0, 0, 0])
  const pool = new FilePool(new FakeDisk(), 1)
  const shape = { count, seed: 0xfedc_ba98, gapWidth: 1, sections }
  const pages = new PageCache()
  const shelf = { pool, pages, kinds: TERM_KINDS }
  return new SealedPostings({ firstPosition, count, pages: () => new IndexPages(1, 'x', shape, shelf) }, shelf)
}

function listOf(count: number): SealedSegments {
  const list = emptyList()
  for (let number = 0; number < count; number++) addTo(list, number)
  return list
}

describe('the list of sealed segments', () => {
  it('gives back all that a segment was sealed with', () => {
    const list = listOf(300)
    for (const number of [0, 127, 128, 299]) {
      const segment = list.at(number)
      expect(segment.sealed).toEqual({ identity: identityOf(number), footer: footerOf(number) })
      expect(segment).toMatchObject({ firstPosition: number * EVENTS + 1, lastPosition: number * EVENTS + EVENTS })
      expect(segment.path).toBe(`/data/segments/${segmentName(number * EVENTS + 1, 3)}`)
      expect(segment.source.length).toBe(8_320)
    }
    expect(list).toMatchObject({ length: 300, bytes: 300 * 8_320, archivedCount: 0, first: 1 })
  })

  it('finds a segment by any of its positions', () => {
    const list = listOf(300)
    for (let position = 1; position <= 300 * EVENTS; position += 7) {
      expect(list.countUpTo(position)).toBe(Math.ceil(position / EVENTS))
    }
    expect([list.countUpTo(0), list.countUpTo(1e15)]).toEqual([0, 300])
  })

  it('goes on behind what is retired', () => {
    const list = listOf(300)
    for (let left = 300; left > 1; left--) {
      expect(list.at(0).firstPosition).toBe((300 - left) * EVENTS + 1)
      list.retire(list.at(0))
      expect([list.length, list.bytes]).toEqual([left - 1, (left - 1) * 8_320])
    }
    addTo(list, 300)
    expect([...list].map(({ firstPosition }) => firstPosition)).toEqual([299 * EVENTS + 1, 300 * EVENTS + 1])
  })

  it('shows an archived segment where it lies now, and one who looked before where it lay', () => {
    const list = listOf(2)
    const before = list.at(1)
    const sha256 = 'ab'.repeat(32)
    const path = `${layout.archive}/${archiveName(11, 3, sha256)}`
    const after = list.archived(before, path, { sha256, packedLength: 99 })
    expect([before.archived, after.archived, list.at(1).archived]).toEqual([false, true, true])
    expect([before.path, after.path, list.at(1).path]).toEqual([`/data/segments/${segmentName(11, 3)}`, path, path])
    expect([list.holds(before), list.holds(after)]).toEqual([false, true])
    expect(list.archivedCount).toBe(1)
  })

  it('shows an archived segment where it lies now after any number of others were retired', () => {
    const list = listOf(2 * KEPT_HANDLES)
    const number = KEPT_HANDLES + 188
    const firstPosition = number * EVENTS + 1
    expect(list.at(number).archived).toBe(false)
    const retire = (count: number) => {
      for (let left = count; left > 0; left--) list.retire(list.at(0))
    }
    retire(KEPT_HANDLES / 4)
    const sha256 = 'ab'.repeat(32)
    const path = `${layout.archive}/${archiveName(firstPosition, 3, sha256)}`
    list.archived(list.handle(number - KEPT_HANDLES / 4), path, { sha256, packedLength: 99 })
    retire((3 * KEPT_HANDLES) / 4)
    expect(list.at(number - KEPT_HANDLES)).toMatchObject({ firstPosition, path, archived: true })
  })

  it('gives the newest index to everyone who looks at a segment', () => {
    const list = listOf(2)
    const [one, other] = [list.handle(0), list.handle(0)]
    const [older, newer] = [one.postings, inMemory()]
    other.postings = newer
    expect([one.postings, other.postings, list.at(0).postings]).toEqual([newer, newer, newer])
    expect(newer).not.toBe(older)
    other.postings = onDisk(0)
    expect((one.postings as SealedPostings).shape).toEqual(onDisk(0).shape)
  })

  it('keeps neither filter nor pages of an index that is replaced', () => {
    const pages = new PageCache()
    const list = emptyList(pages)
    const segment = addTo(list, 0, onDisk(0))
    const owner = { firstPosition: 1, resident: new Map(), load: () => undefined }
    pages.page(owner, 1)
    pages.filters.load(1, 10, () => new Uint8Array(10))
    expect([pages.ownerOf(1), pages.filters.of(1)]).toEqual([owner, new Uint8Array(10)])
    segment.postings = onDisk(0)
    expect([pages.ownerOf(1), pages.filters.of(1)]).toEqual([undefined, undefined])
  })

  it('takes no index for a segment that was retired meanwhile', () => {
    const list = listOf(2)
    const [gone, next] = [list.handle(0), list.handle(1)]
    const { postings } = next
    expect(() => list.retire(next)).toThrow(RangeError)
    list.retire(gone)
    gone.postings = onDisk(0)
    expect(next.postings).toBe(postings)
    expect(() => gone.postings).toThrow(IndexDamaged)
  })
})

describe('the heap', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heap = () => {
    for (let round = 0; round < 3; round++) collect()
    return process.memoryUsage().heapUsed
  }
  const SEGMENTS = 8_000

  it('keeps less than 135 bytes of a sealed segment, and of all that were used no more than of a few hundred', () => {
    const list = emptyList()
    const index = onDisk(0)
    for (let number = 0; number < 200; number++) addTo(list, number, index).path
    const before = heap()
    for (let number = 200; number < SEGMENTS; number++) addTo(list, number, index).path
    const kept = heap()
    expect((kept - before) / (SEGMENTS - 200)).toBeLessThan(135)
    for (let at = 0; at < SEGMENTS; at++) {
      const segment = list.at(at)
      expect((segment.postings as SealedPostings).shape.gapWidth).toBe(1)
      expect(segment.source.length).toBe(8_320)
    }
    expect((heap() - kept) / KEPT_HANDLES).toBeLessThan(6_000)
    expect(list.length).toBe(SEGMENTS)
  })
})

describe('a store of more segments than are kept open', () => {
  it('reads the same, also for who holds a segment while all others are read', async () => {
    const disk = new FakeDisk({ directories: ['/'] })
    const small = { segmentBytes: 4_100, presizeBytes: 0, reserveBytes: 0, idleMarkMs: 0, scrubBytesPerSecond: 0 }
    const store = await openEmbedded({ directory: '/data', nodeId: 'node-1', disk, ...small })
    const events = [0, 1].map(i => ({ stream: `stream-${i}`, type: 'counted', data: {} }))
    const appended = KEPT_HANDLES + 50
    for (let i = 0; i < appended; i++) await store.append({ events, author: { agentId: 'agent-1' } })
    expect(store.status().details).toMatchObject({ segments: appended })
    // Of the index that is being written.
    expect(Number(store.status().details['openFiles'])).toBeLessThanOrEqual(1)
    const read = async (order: 'asc' | 'desc') => {
      const positions: number[] = []
      for await (const { position } of store.read({ order, filter: { streams: ['stream-1'] } }))
        positions.push(position)
      return positions
    }
    const all = Array.from({ length: appended }, (_, i) => 2 * i + 2)
    const held = store.read({ filter: { streams: ['stream-1'] } })[Symbol.asyncIterator]()
    expect((await held.next()).value).toMatchObject({ position: 2 })
    expect(await read('desc')).toEqual(all.toReversed())
    expect(await read('asc')).toEqual(all)
    const rest: number[] = []
    for (let next = await held.next(); next.done !== true; next = await held.next()) rest.push(next.value.position)
    expect(rest).toEqual(all.slice(1))
    await store.close()
  })
})
