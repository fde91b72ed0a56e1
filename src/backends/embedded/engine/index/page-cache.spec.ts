// Which pages and which filters stay in memory when not all of them fit.
import { describe, expect, it } from '@jest/globals'
import { FILTER_COST, FilterBudget } from './filter-budget.js'
import { PAGE_BYTES } from './index-format.js'
import { type CachedPage, PageCache, type PageOwner } from './page-cache.js'

class Owner implements PageOwner {
  readonly resident = new Map<number, CachedPage>()
  loads = 0
  failing = false

  constructor(
    private readonly mark: number,
    readonly firstPosition = mark,
  ) {}

  load(into: Uint8Array, number: number): void {
    this.loads++
    into.fill(0xee)
    if (this.failing) throw new Error('unreadable')
    into[0] = this.mark
    into[1] = number
  }
}

function read(cache: PageCache, owner: Owner, number: number): number[] {
  return [...cache.page(owner, number).bytes.subarray(0, 2)]
}

describe('a page cache', () => {
  it('drops what is beyond a smaller budget at once, and fills a larger one again', () => {
    const cache = new PageCache(20 * PAGE_BYTES)
    const owner = new Owner(1)
    const readAll = () => {
      for (let i = 0; i < 20; i++) expect(read(cache, owner, i)).toEqual([1, i])
    }
    readAll()
    cache.resize(10 * PAGE_BYTES)
    expect([cache.bytes, owner.resident.size]).toEqual([10 * PAGE_BYTES, 10])
    readAll()
    expect([cache.bytes, owner.resident.size]).toEqual([10 * PAGE_BYTES, 10])
    cache.resize(20 * PAGE_BYTES)
    readAll()
    expect([cache.bytes, owner.resident.size]).toEqual([20 * PAGE_BYTES, 20])
  })

  it('reads a page once while it fits and never holds more than its budget', () => {
    const cache = new PageCache(10 * PAGE_BYTES)
    const [a, b] = [new Owner(1), new Owner(2)]
    for (let round = 0; round < 3; round++) for (let i = 0; i < 10; i++) expect(read(cache, a, i)).toEqual([1, i])
    expect(a.loads).toBe(10)
    for (let i = 0; i < 50; i++) {
      expect(read(cache, b, i)).toEqual([2, i])
      expect(a.resident.size + b.resident.size).toBe(10)
    }
  })

  it('keeps what is used again over what was used once', () => {
    const cache = new PageCache(10 * PAGE_BYTES)
    const owner = new Owner(1)
    for (let i = 0; i < 100; i++) {
      read(cache, owner, 0)
      read(cache, owner, i)
    }
    expect(owner.loads).toBeLessThanOrEqual(101)
    expect(owner.resident.has(0)).toBe(true)
  })

  it('keeps nothing of a page that could not be read', () => {
    const cache = new PageCache(8 * PAGE_BYTES)
    const owner = new Owner(1)
    owner.failing = true
    for (let i = 0; i < 20; i++) expect(() => cache.page(owner, 3)).toThrow('unreadable')
    owner.failing = false
    expect(read(cache, owner, 3)).toEqual([1, 3])
    for (let i = 0; i < 8; i++) expect(read(cache, owner, i)).toEqual([1, i])
  })

  it('gives the pages of a closed owner to others, and reads them again for itself', () => {
    const cache = new PageCache(8 * PAGE_BYTES)
    const [a, b] = [new Owner(1), new Owner(2)]
    for (let i = 0; i < 8; i++) read(cache, a, i)
    cache.forget(a)
    for (let i = 0; i < 8; i++) expect(read(cache, b, i)).toEqual([2, i])
    expect(b.resident.size).toBe(8)
    expect(read(cache, a, 0)).toEqual([1, 0])
    expect(b.resident.size).toBe(7)
  })

  it('knows whose pages it holds, and forgets who has none left', () => {
    const cache = new PageCache(8 * PAGE_BYTES)
    const [a, b, again] = [new Owner(1), new Owner(2), new Owner(3, 1)]
    read(cache, a, 0)
    expect([cache.ownerOf(1), cache.ownerOf(2)]).toEqual([a, undefined])
    for (let i = 0; i < 8; i++) read(cache, b, i)
    expect([cache.ownerOf(1), cache.ownerOf(2)]).toEqual([undefined, b])
    cache.forget(b)
    expect(cache.ownerOf(2)).toBeUndefined()
    read(cache, a, 0)
    read(cache, again, 0)
    cache.forget(a)
    expect(cache.ownerOf(1)).toBe(again)
  })
})

describe('a filter budget', () => {
  const SIZE = 744
  const COST = SIZE + FILTER_COST
  const filter = (bytes = SIZE) => new Uint8Array(bytes)

  it.each([
    ['oldest first', [0, 1, 2, 3, 4, 5]],
    ['newest first', [5, 4, 3, 2, 1, 0]],
    ['in any order', [2, 5, 0, 4, 1, 3]],
  ])('keeps the newest, whoever asks %s', (_, order) => {
    const budget = new FilterBudget(3 * COST)
    for (let pass = 0; pass < 3; pass++) {
      let loaded = 0
      for (const i of order) {
        if (budget.of(i * 100) !== undefined) continue
        if (budget.load(i * 100, SIZE, () => filter()) !== undefined) loaded++
      }
      if (pass > 0) expect(loaded).toBe(0)
    }
    expect(order.filter(i => budget.of(i * 100) !== undefined).sort()).toEqual([3, 4, 5])
  })

  it('refuses what is larger than all of it, and has room again after a filter is dropped', () => {
    const budget = new FilterBudget(3 * COST)
    const load = (position: number, bytes = SIZE) => budget.load(position, bytes, () => filter(bytes)) !== undefined
    expect(load(200, 3 * COST)).toBe(false)
    expect(load(200, 2.5 * COST - FILTER_COST)).toBe(true)
    expect(load(0)).toBe(false)
    budget.drop(200)
    expect(load(0)).toBe(true)
    expect(load(100)).toBe(true)
    expect(load(200, 3 * COST - FILTER_COST)).toBe(true)
    expect([budget.of(0), budget.of(100)]).toEqual([undefined, undefined])
  })

  it('keeps nothing of a filter that could not be read', () => {
    const budget = new FilterBudget(COST)
    const unreadable = () => {
      throw new Error('unreadable')
    }
    expect(() => budget.load(100, SIZE, unreadable)).toThrow('unreadable')
    expect(budget.of(100)).toBeUndefined()
    expect(budget.load(0, SIZE, () => filter())).toBeDefined()
  })

  it('counts what even an empty filter costs', () => {
    const budget = new FilterBudget(10 * FILTER_COST)
    for (let i = 0; i < 100; i++) budget.load(i, 0, () => filter(0))
    expect(Array.from({ length: 100 }, (_, i) => i).filter(i => budget.of(i) !== undefined)).toHaveLength(10)
  })
})
