// Which pages and which filters stay in memory when not all of them fit.
import { describe, expect, it } from '@jest/globals'
import { FilterBudget, type FilterOwner } from './filter-budget.js'
import { PAGE_BYTES } from './index-format.js'
import { type Page, PageCache, type PageOwner } from './page-cache.js'

class Owner implements PageOwner {
  readonly resident = new Map<number, Page>()
  loads = 0
  failing = false

  constructor(private readonly mark: number) {}

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
})

describe('a filter budget', () => {
  function owners(count: number): (FilterOwner & { dropped: number })[] {
    return Array.from({ length: count }, (_, i) => ({
      firstPosition: i * 100,
      dropped: 0,
      dropFilter() {
        this.dropped++
      },
    }))
  }

  it.each([
    ['oldest first', [0, 1, 2, 3, 4, 5]],
    ['newest first', [5, 4, 3, 2, 1, 0]],
    ['in any order', [2, 5, 0, 4, 1, 3]],
  ])('keeps the newest, whoever asks %s', (_, order) => {
    const budget = new FilterBudget(30)
    const all = owners(6)
    const holding = new Set<number>()
    for (let pass = 0; pass < 3; pass++) {
      let admitted = 0
      for (const i of order) {
        if (holding.has(i)) continue
        const owner = all[i] as (typeof all)[number]
        if (budget.admit(owner, 10)) {
          admitted++
          holding.add(i)
        }
        all.forEach((other, at) => {
          if (other.dropped > 0) holding.delete(at)
          other.dropped = 0
        })
      }
      if (pass > 0) expect(admitted).toBe(0)
    }
    expect([...holding].sort()).toEqual([3, 4, 5])
  })

  it('refuses what is larger than all of it, and has room again after a release', () => {
    const budget = new FilterBudget(30)
    const [old, middle, young] = owners(3) as unknown as [FilterOwner, FilterOwner, FilterOwner]
    expect(budget.admit(young, 31)).toBe(false)
    expect(budget.admit(young, 25)).toBe(true)
    expect(budget.admit(old, 10)).toBe(false)
    budget.release(young)
    expect(budget.admit(old, 10)).toBe(true)
    expect(budget.admit(middle, 10)).toBe(true)
    expect(budget.admit(young, 30)).toBe(true)
  })
})
