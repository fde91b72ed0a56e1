// A Bloom filter: ten bits and four probes per term, so about one absent term in eighty seems present.
import type { TermHash } from './term-hash.js'

const BITS_PER_TERM = 10
const PROBES = 4
const LANE = 2 ** 32

export function filterFor(terms: number): Uint8Array {
  return new Uint8Array(Math.ceil((terms * BITS_PER_TERM) / 8))
}

export function addToFilter(filter: Uint8Array, high: number, low: number): void {
  const step = low | 1
  for (let probe = 0, lane = high; probe < PROBES; probe++, lane = (lane + step) | 0) {
    const bit = bitOf(lane, filter.length)
    filter[bit >>> 3] = (filter[bit >>> 3] as number) | (1 << (bit & 7))
  }
}

export function filterMayContain(filter: Uint8Array, hash: TermHash): boolean {
  if (filter.length === 0) return false
  const step = hash.low | 1
  for (let probe = 0, lane = hash.high; probe < PROBES; probe++, lane = (lane + step) | 0) {
    const bit = bitOf(lane, filter.length)
    if ((((filter[bit >>> 3] as number) >>> (bit & 7)) & 1) === 0) return false
  }
  return true
}

/** Multiplies and shifts instead of taking a remainder, so any number of bits will do; the result is less than it. */
function bitOf(lane: number, bytes: number): number {
  return Math.floor(((lane >>> 0) * (bytes * 8)) / LANE)
}
