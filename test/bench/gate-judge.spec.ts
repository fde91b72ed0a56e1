// What the gate concludes from intervals, for any figures that pairs may bring.
import fc from 'fast-check'
import {
  BLOCK_BEYOND,
  confirmed,
  exitCodeOf,
  isOpen,
  type Judgement,
  judge,
  LOOK_BEYOND,
  sideOf,
  worst,
} from '../../bench/gate/judge.js'
import { intervalOf } from '../../bench/pairs/comparison.js'

const ratio = fc.double({ min: 0.3, max: 3, noNaN: true })
const ratios = fc.array(ratio, { minLength: 2, maxLength: 40 })
const judgement = fc.constantFrom<Judgement>('good', 'look', 'block')
const WEIGHT = { good: 0, look: 1, block: 2 }

test('nothing is blocked or looked at unless some pair was that much slower, and the mean of them too', () => {
  fc.assert(
    fc.property(ratios, all => {
      const said = judge(intervalOf(all))
      const mean = intervalOf(all).ratio
      if (said === 'block') expect(Math.min(mean, Math.max(...all))).toBeGreaterThan(BLOCK_BEYOND)
      if (said === 'look') expect(Math.min(mean, Math.max(...all))).toBeGreaterThan(LOOK_BEYOND)
    }),
  )
})

test('pairs that are all slower by more than the bound and agree with each other are blocked', () => {
  const agreeing = fc.array(fc.double({ min: 1.19, max: 1.21, noNaN: true }), { minLength: 8, maxLength: 40 })
  fc.assert(fc.property(agreeing, all => expect(judge(intervalOf(all))).toBe('block')))
})

test('the order of the pairs changes nothing, and more of a slow-down is never judged more mildly', () => {
  fc.assert(
    fc.property(ratios, fc.double({ min: 1, max: 2, noNaN: true }), (all, more) => {
      const said = judge(intervalOf(all))
      expect(isNear(intervalOf(all.toReversed()).low, intervalOf(all).low)).toBe(true)
      const slower = judge(intervalOf(all.map(one => one * more * (1 + 1e-9))))
      expect(WEIGHT[slower]).toBeGreaterThanOrEqual(WEIGHT[said])
    }),
  )
})

test('a second run never makes a judgement graver, and a row is as grave as its gravest figure', () => {
  fc.assert(
    fc.property(judgement, judgement, (first, again) => {
      expect(WEIGHT[confirmed(first, again)]).toBe(Math.min(WEIGHT[first], WEIGHT[again]))
      expect(WEIGHT[worst([first, again])]).toBe(Math.max(WEIGHT[first], WEIGHT[again]))
    }),
  )
})

test('one run in forty trips by chance, two in a row hardly ever: of ten thousand unchanged gates of six figures', () => {
  const normal = normalNumbers(7)
  const unchanged = () => judge(intervalOf(Array.from({ length: 12 }, () => Math.exp(0.08 * normal()))))
  const tripped = Array.from({ length: 60_000 }, () => confirmed(unchanged(), unchanged()))
  expect(tripped.filter(said => said !== 'good').length).toBeLessThan(6)
})

test('what the interval cannot hold yet stays open, and what it holds does not', () => {
  expect(isOpen({ ratio: 1.07, low: 1.03, high: 1.11 })).toBe(true)
  expect(isOpen({ ratio: 1.2, low: 1.12, high: 1.28 })).toBe(true)
  expect(isOpen({ ratio: 1.07, low: 1.06, high: 1.08 })).toBe(false)
  expect(isOpen({ ratio: 1.01, low: 0.9, high: 1.13 })).toBe(false)
})

test('only what is blocked, and what could not be measured, ends with something else than 0', () => {
  expect(exitCodeOf(['good', 'look'], 0)).toBe(0)
  expect(exitCodeOf(['good', 'block'], 0)).toBe(1)
  expect(exitCodeOf(['good', 'block'], 1)).toBe(1)
  expect(exitCodeOf(['good'], 1)).toBe(2)
  expect(exitCodeOf([], 0)).toBe(2)
})

test('a commit is on the side it is nearer to, and on neither while its interval holds the middle', () => {
  expect(sideOf([1.19, 1.2, 1.21], 1.2)).toBe('after')
  expect(sideOf([0.99, 1, 1.01], 1.2)).toBe('before')
  expect(sideOf([0.9, 1.1, 1.3], 1.2)).toBe('open')
  expect(sideOf([1.2], 1.2)).toBe('open')
})

function isNear(one: number, other: number): boolean {
  return Math.abs(one - other) <= 1e-9 * Math.abs(other)
}

/** The same sequence for the same seed, by Box and Muller. */
function normalNumbers(seed: number): () => number {
  let state = seed
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state + 0.5) / 4_294_967_296
  }
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}
