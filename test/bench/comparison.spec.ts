// What a paired bench concludes from its pairs.
import { compare, intervalOf } from '../../bench/pairs/comparison.js'

const scaled = (figures: readonly number[], by: number) => figures.map(figure => figure * by)
const noisy = [100, 104, 97, 101, 99, 103, 98, 102, 100, 96]

test('a side that needs a tenth more in every pair is slower, whatever the pairs differ among each other', () => {
  expect(compare(noisy, scaled(noisy, 1.1), 'less').verdict).toBe('slower')
  expect(compare(noisy, scaled(noisy, 1 / 1.1), 'more').verdict).toBe('slower')
})

test('a side that does a tenth more is faster, and one that does the same is not slower', () => {
  expect(compare(noisy, scaled(noisy, 1.1), 'more').verdict).toBe('faster')
  expect(compare(noisy, noisy, 'more')).toMatchObject({ ratio: 1, low: 1, high: 1, verdict: 'not slower' })
})

test('where noise hides what there may be, the verdict stays open', () => {
  expect(compare([100, 100, 100], [80, 130, 100], 'more').verdict).toBe('open')
})

test('the interval is that of the t distribution on the logarithms of the ratios', () => {
  const { ratio, low, high } = intervalOf([1, Math.E])
  // Two pairs: mean 0.5, standard error 0.5, 12.706 of it to each side.
  expect(Math.log(ratio)).toBeCloseTo(0.5, 10)
  expect(Math.log(high)).toBeCloseTo(0.5 + 12.706 * 0.5, 6)
  expect(Math.log(low)).toBeCloseTo(0.5 - 12.706 * 0.5, 6)
})

test('one pair alone decides nothing', () => {
  expect(compare([100], [50], 'more').verdict).toBe('open')
})
