// Sets of ordinals as ascending arrays: union and intersection, and the part of one between bounds.

const EMPTY = new Uint32Array(0)

export function union(lists: readonly Uint32Array[]): Uint32Array {
  const filled = lists.filter(list => list.length > 0)
  if (filled.length <= 1) return filled[0] ?? EMPTY
  const all = new Uint32Array(filled.reduce((sum, list) => sum + list.length, 0))
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

/** The shortest list leads; the others are searched from where the last search ended. */
export function intersection(lists: readonly Uint32Array[]): Uint32Array {
  if (lists.length === 1) return lists[0] as Uint32Array
  const [shortest, ...others] = [...lists].sort((one, other) => one.length - other.length) as [
    Uint32Array,
    ...Uint32Array[],
  ]
  const from = others.map(() => 0)
  const kept: number[] = []
  for (const ordinal of shortest) {
    const inAll = others.every((list, which) => {
      const at = lowerBound(list, ordinal, from[which])
      from[which] = at
      return list[at] === ordinal
    })
    if (inAll) kept.push(ordinal)
  }
  return Uint32Array.from(kept)
}

/** The first index whose ordinal is at least `wanted`. */
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
