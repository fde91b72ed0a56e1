// The dictionary of an index file: one entry per term, sorted by hash and found by interpolation.
import { ENTRY_BYTES, PAGE_CONTENT, type Section } from './index-format.js'
import type { IndexPages } from './index-pages.js'
import type { CachedPage } from './page-cache.js'
import type { TermHash } from './term-hash.js'
import type { TimeSlice } from './time-slice.js'

const LANE = 2 ** 32
const ENTRIES_PER_PAGE = PAGE_CONTENT / ENTRY_BYTES
/** Uniform hashes are found in one or two guesses. For any others, halving takes over after this many. */
const GUESSES = 4
const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS
const STEP = 8192

/** The order of terms by their unsigned high lanes, then the low ones, so that the same terms give the same file. */
export async function sortedOrder(high: Int32Array, low: Int32Array, pace: TimeSlice): Promise<Uint32Array> {
  const order = await radixOrder(high, pace)
  for (let start = 0; start + 1 < order.length; ) {
    const lane = high[order[start] as number]
    let end = start + 1
    while (end < order.length && high[order[end] as number] === lane) end++
    if (end - start > 1)
      order.subarray(start, end).sort((a, b) => ((low[a] as number) >>> 0) - ((low[b] as number) >>> 0))
    if (start % STEP === 0 && pace.due) await pace.rest()
    start = end
  }
  return order
}

/** The indexes of the lanes in the order of their unsigned values, found in slices of time. */
async function radixOrder(lanes: Int32Array, pace: TimeSlice): Promise<Uint32Array> {
  const { length } = lanes
  let from = new Uint32Array(length)
  let to = new Uint32Array(length)
  for (let i = 0; i < length; i++) from[i] = i
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    const next = new Uint32Array(DIGITS + 1)
    for (let i = 0; i < length; i++) {
      const after = (((lanes[i] as number) >>> shift) & (DIGITS - 1)) + 1
      next[after] = (next[after] as number) + 1
    }
    for (let digit = 0; digit < DIGITS; digit++) next[digit + 1] = (next[digit + 1] as number) + (next[digit] as number)
    if (pace.due) await pace.rest()
    for (let start = 0; start < length; start += STEP) {
      const end = Math.min(start + STEP, length)
      for (let i = start; i < end; i++) {
        const item = from[i] as number
        const digit = ((lanes[item] as number) >>> shift) & (DIGITS - 1)
        const place = next[digit] as number
        next[digit] = place + 1
        to[place] = item
      }
      if (pace.due) await pace.rest()
    }
    ;[from, to] = [to, from]
  }
  return from
}

/** The values of all entries with this hash: none, one, or several when terms collide. */
export function findEntries(pages: IndexPages, dictionary: Section, hash: TermHash): number[] {
  const entries = dictionary.length / ENTRY_BYTES
  const high = hash.high >>> 0
  const low = hash.low >>> 0
  const values: number[] = []
  for (let index = lowerBound(pages, dictionary, high); index < entries; index++) {
    const page = pages.page(dictionary, index * ENTRY_BYTES)
    const at = (index % ENTRIES_PER_PAGE) * ENTRY_BYTES
    if (page.view.getUint32(at, true) !== high) break
    if (page.view.getUint32(at + 4, true) === low) values.push(page.view.getUint32(at + 8, true))
  }
  return values
}

/** The index of the first entry whose high hash is not less than `high`. */
function lowerBound(pages: IndexPages, dictionary: Section, high: number): number {
  const entries = dictionary.length / ENTRY_BYTES
  let least = 0
  let most = entries
  let guess = Math.floor((high / LANE) * entries)
  for (let round = 0; least < most; round++) {
    if (round >= GUESSES) guess = (least + most) >>> 1
    guess = Math.min(Math.max(guess, least), most - 1)
    const first = guess - (guess % ENTRIES_PER_PAGE)
    const last = Math.min(first + ENTRIES_PER_PAGE, entries) - 1
    const page = pages.page(dictionary, first * ENTRY_BYTES)
    const firstHigh = highAt(page, 0)
    const lastHigh = highAt(page, last - first)
    if (firstHigh < high && lastHigh >= high) return first + lowerBoundInPage(page, last - first, high)
    if (lastHigh < high) {
      least = last + 1
      guess = least + Math.floor(((high - lastHigh) / LANE) * entries)
    } else {
      // When the first entry is equal, there may be equal ones on the page before.
      most = first
      guess = first - 1 - Math.floor(((firstHigh - high) / LANE) * entries)
    }
  }
  return least
}

/** Searches within a page whose entry at `last` is known not to be less. */
function lowerBoundInPage(page: CachedPage, last: number, high: number): number {
  let least = 0
  let most = last
  while (least < most) {
    const middle = (least + most) >>> 1
    if (highAt(page, middle) < high) least = middle + 1
    else most = middle
  }
  return least
}

function highAt(page: CachedPage, entry: number): number {
  return page.view.getUint32(entry * ENTRY_BYTES, true)
}
