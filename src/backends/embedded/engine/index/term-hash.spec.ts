// The hash of terms: the same for ever, and spread evenly over texts that differ little.
import { describe, expect, it } from '@jest/globals'
import { hashTerm } from './term-hash.js'

const hex = (kind: number, text: string) => {
  const { high, low } = hashTerm(kind, text)
  return [high, low].map(lane => (lane >>> 0).toString(16).padStart(8, '0')).join('')
}

describe('the hash of a term', () => {
  it('is part of the file format', () => {
    expect([hex(0, ''), hex(0, 'a'), hex(1, 'a'), hex(7, 'order-12345'), hex(2, 'ü\ud800')]).toEqual([
      '250f9cf1fb5eeb70',
      '49bdf835b704f17f',
      'b2734189315eda8f',
      'b4e3b894f6d7edc7',
      'cd587b196fd32bf8',
    ])
  })

  it('tells apart kinds, lengths and orders of characters', () => {
    const texts = ['', '\0', '\0\0', 'a', 'a\0', 'ab', 'ba', 'aab', 'aba', 'baa', 'abab', 'baba']
    const hashes = texts.flatMap(text => [0, 1, 7].map(kind => hex(kind, text)))
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  it.each([
    ['numbers at the end', (i: number) => `order-${i}`],
    ['padded numbers', (i: number) => `tenant/${String(i).padStart(12, '0')}`],
    ['numbers in front', (i: number) => `${i}-x`],
  ])('spreads %s like chance does', (_, text) => {
    const count = 100_000
    const highs = new Set<number>()
    const buckets = new Uint32Array(1024)
    for (let i = 0; i < count; i++) {
      const { high } = hashTerm(3, text(i))
      highs.add(high)
      buckets[high >>> 22] = (buckets[high >>> 22] as number) + 1
    }
    // Chance alone makes about 1.2 pairs of equal lanes here, and a chi-square of 1,023 give or take 45.
    expect(count - highs.size).toBeLessThan(12)
    const mean = count / buckets.length
    expect(buckets.reduce((sum, n) => sum + (n - mean) ** 2 / mean, 0)).toBeLessThan(1023 + 6 * 45)
  })
})
