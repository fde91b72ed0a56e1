// Filters within a budget: the newest segments have theirs, and older ones give way only if that is enough.
import { expect, test } from '@jest/globals'
import { FilterBudget } from './filter-budget.js'

/** Of a filter of so many bytes, beside what each costs. */
const read = (bytes: number) => () => new Uint8Array(bytes)

function loaded(budget: FilterBudget, sizes: readonly (readonly [firstPosition: number, bytes: number])[]): number[] {
  for (const [first, bytes] of sizes) budget.load(first, bytes, read(bytes))
  return sizes.flatMap(([first]) => (budget.of(first) === undefined ? [] : [first]))
}

test('older filters give way to that of a newer segment', () => {
  expect(
    loaded(new FilterBudget(3_000), [
      [1, 1_000],
      [2, 1_000],
      [3, 1_000],
    ]),
  ).toEqual([2, 3])
})

test('that of an older segment drops none', () => {
  expect(
    loaded(new FilterBudget(3_000), [
      [3, 1_000],
      [2, 1_000],
      [1, 1_000],
    ]),
  ).toEqual([3, 2])
})

test('none is dropped where the room would still be too small, or the filter is larger than all of it', () => {
  expect(
    loaded(new FilterBudget(3_000), [
      [5, 1_500],
      [1, 500],
      [3, 1_600],
      [9, 4_000],
    ]),
  ).toEqual([5, 1])
})

test('what is dropped makes room', () => {
  const budget = new FilterBudget(3_000)
  expect(
    loaded(budget, [
      [3, 1_000],
      [2, 1_000],
    ]),
  ).toEqual([3, 2])
  for (const first of [2, 3, 7]) budget.drop(first)
  expect(
    loaded(budget, [
      [1, 1_000],
      [2, 1_000],
    ]),
  ).toEqual([1, 2])
})
