// Sets of ordinals, held to the sets JavaScript has.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { between, intersection, lowerBound, union } from './ordinal-sets.js'

const aSet = fc.uniqueArray(fc.nat(60), { maxLength: 40 }).map(list => Uint32Array.from(list).sort())
const someSets = fc.array(aSet, { minLength: 1, maxLength: 4 })

function holds<T>(of: fc.Arbitrary<T>, claim: (value: T) => void): void {
  fc.assert(fc.property(of, claim), { numRuns: 300 })
}

test('a union holds what any of them holds, once, ascending', () => {
  holds(fc.array(aSet, { maxLength: 4 }), sets => {
    const wanted = [...new Set(sets.flatMap(set => [...set]))].sort((one, other) => one - other)
    expect([...union(sets)]).toEqual(wanted)
  })
})

test('a union of lists far apart is one of lists that lie close together', () => {
  holds(fc.array(aSet, { maxLength: 4 }), sets => {
    const apart = sets.map(set => set.map(ordinal => ordinal * 70_000_000))
    expect([...union(apart)]).toEqual([...union(sets)].map(ordinal => ordinal * 70_000_000))
  })
})

test('an intersection holds what all of them hold, ascending', () => {
  holds(someSets, sets => {
    const [first, ...others] = sets as [Uint32Array, ...Uint32Array[]]
    expect([...intersection(sets)]).toEqual([...first].filter(ordinal => others.every(set => set.includes(ordinal))))
  })
})

test('neither changes what it was given', () => {
  holds(someSets, sets => {
    const before = JSON.stringify(sets.map(set => [...set]))
    union(sets)
    intersection(sets)
    expect(JSON.stringify(sets.map(set => [...set]))).toBe(before)
  })
})

test('a part holds what is in its bounds, the lower one included', () => {
  holds(fc.tuple(aSet, fc.nat(61), fc.nat(61)), ([set, one, other]) => {
    const [from, to] = [Math.min(one, other), Math.max(one, other)]
    expect([...between(set, from, to)]).toEqual([...set].filter(ordinal => from <= ordinal && ordinal < to))
  })
})

test('the lower bound is where a value stands or would stand', () => {
  holds(fc.tuple(aSet, fc.nat(61)), ([set, wanted]) => {
    expect(lowerBound(set, wanted)).toBe([...set].filter(ordinal => ordinal < wanted).length)
  })
})
