// Sets of ordinals as ascending arrays: union and intersection, and the part of one between bounds.

const EMPTY = new Uint32Array(0)

/** Where the lists hold one in this many ordinals between their ends, marking them is faster than sorting them. */
const BITS_AN_ORDINAL = 64

export function union(lists: readonly Uint32Array[]): Uint32Array {
  const filled = lists.filter(list => list.length > 0)
  if (filled.length <= 1) return filled[0] ?? EMPTY
  const from = Math.min(...filled.map(list => list[0] as number))
  const to = Math.max(...filled.map(list => list.at(-1) as number))
  const total = filled.reduce((sum, list) => sum + list.length, 0)
  if (to - from <= total * BITS_AN_ORDINAL) {
    const bits = new OrdinalBits(from, to)
    for (const list of filled) bits.add(list)
    return bits.list()
  }
  const all = new Uint32Array(total)
  let at = 0
  for (const list of filled) {
    all.set(list, at)
    at += list.length
  }
  return withoutRepeats(all.sort())
}

function withoutRepeats(sorted: Uint32Array): Uint32Array {
  let kept = 0
  for (let at = 0; at < sorted.length; at++) {
    if (at === 0 || sorted[at] !== sorted[at - 1]) sorted[kept++] = sorted[at] as number
  }
  return sorted.subarray(0, kept)
}

/** Gathers ordinals between two bounds, both inclusive, without sorting them. */
export class OrdinalBits {
  private readonly words: Uint32Array
  private count = 0

  constructor(
    private readonly from: number,
    to: number,
  ) {
    this.words = new Uint32Array((to - from + 32) >>> 5)
  }

  /** Every ordinal of the list must lie between the bounds. */
  add(list: Uint32Array): void {
    const { words, from } = this
    for (let i = 0; i < list.length; i++) {
      const at = (list[i] as number) - from
      const word = words[at >>> 5] as number
      const bit = 1 << (at & 31)
      if ((word & bit) !== 0) continue
      words[at >>> 5] = word | bit
      this.count++
    }
  }

  list(): Uint32Array {
    const { words, from } = this
    const list = new Uint32Array(this.count)
    let kept = 0
    for (let at = 0; at < words.length; at++) {
      for (let word = words[at] as number; word !== 0; word &= word - 1)
        list[kept++] = from + at * 32 + 31 - Math.clz32(word & -word)
    }
    return list
  }
}

/** Begins with the shortest list, so that the longer ones are only searched. */
export function intersection(lists: readonly Uint32Array[]): Uint32Array {
  const [shortest = EMPTY, ...others] = [...lists].sort((one, other) => one.length - other.length)
  return others.reduce(inBoth, shortest)
}

function inBoth(short: Uint32Array, long: Uint32Array): Uint32Array {
  const kept = new Uint32Array(short.length)
  let count = 0
  let at = 0
  for (let i = 0; i < short.length; i++) {
    const ordinal = short[i] as number
    at = lowerBoundNear(long, ordinal, at)
    if (long[at] === ordinal) kept[count++] = ordinal
  }
  return kept.subarray(0, count)
}

/** Like `lowerBound`, but the faster the nearer the result is to `from`. */
function lowerBoundNear(list: Uint32Array, wanted: number, from: number): number {
  let step = 1
  while (from + step < list.length && (list[from + step] as number) < wanted) step *= 2
  return lowerBound(list, wanted, from + (step >>> 1), Math.min(list.length, from + step + 1))
}

/** The first index whose ordinal is at least `wanted`; `to` when there is none. */
export function lowerBound(list: Uint32Array, wanted: number, from = 0, to = list.length): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((list[middle] as number) < wanted) low = middle + 1
    else high = middle
  }
  return low
}

/** Ordinals in `[from, to)`. */
export function between(list: Uint32Array, from: number, to: number): Uint32Array {
  return list.subarray(lowerBound(list, from), lowerBound(list, to))
}
