// The damage that a read passes over: told where it lay, as ranges, and within a bound.
import { expect, test } from '@jest/globals'
import { SKIPPED_RANGES_MAX, SkippedDamage } from './skipped-damage.js'

const range = (from: number, to = from, reason = 'rotten') => ({ from, to, reason, where: 'a segment' })

test('neighbours are one range, and only what lies before the next event is told before it', () => {
  const up = new SkippedDamage()
  for (const position of [2, 3, 4, 9]) up.note(range(position))
  up.note(range(10, 10, 'missing'))
  expect(up.before(5)).toEqual([{ from: 2, to: 4, reason: 'rotten' }])
  expect(up.before(5)).toEqual([])
  expect(up.rest()).toEqual([
    { from: 9, to: 9, reason: 'rotten' },
    { from: 10, to: 10, reason: 'missing' },
  ])
  expect(up.rest()).toEqual([])
})

test('a read from the newest down meets them the other way round', () => {
  const down = new SkippedDamage('desc')
  for (const position of [9, 8, 3]) down.note(range(position))
  expect(down.before(7)).toEqual([{ from: 8, to: 9, reason: 'rotten' }])
  expect(down.rest()).toEqual([{ from: 3, to: 3, reason: 'rotten' }])
})

test('more ranges than the bound are told as a wider one, which leaves none of them out', () => {
  const up = new SkippedDamage()
  for (let at = 1; at <= 3 * SKIPPED_RANGES_MAX; at++) up.note(range(2 * at))
  const sound = 2 * SKIPPED_RANGES_MAX + 1
  const told = up.before(sound)
  expect(told).toHaveLength(SKIPPED_RANGES_MAX)
  expect(up.rest()).toEqual([{ from: sound + 1, to: 6 * SKIPPED_RANGES_MAX, reason: 'rotten' }])
  expect(told.at(-1)).toEqual({ from: 2 * SKIPPED_RANGES_MAX, to: sound - 1, reason: 'rotten' })
})
