// What threads hold together, with as many sets of counts in one thread as there would be threads.
import { expect, test } from '@jest/globals'
import { HeldCounts } from './held-counts.js'
import { memoryOfLimits, SharedLimits } from './shared-limits.js'

function threads(count: number, kind = 'waits') {
  const memory = memoryOfLimits(count)
  const limits = Array.from({ length: count }, (_, thread) => new SharedLimits(thread, memory))
  return { limits, counts: limits.map(of => new HeldCounts(of, kind)) as [HeldCounts, HeldCounts, HeldCounts] }
}

test('one limit is for all threads, and what one gives back another may take', () => {
  const [writer, one, two] = threads(3).counts
  expect([writer.take('ada', 2, 5), one.take('ada', 2, 5), two.take('ada', 2, 5), two.take('ada', 1, 5)]).toEqual([
    true,
    true,
    false,
    true,
  ])
  expect([writer, one, two].map(counts => counts.heldBy('ada'))).toEqual([5, 5, 5])
  expect(two.take('bob', 5, 5)).toBe(true)
  one.giveBack('ada', 2)
  expect([writer.take('ada', 3, 5), writer.take('ada', 2, 5), two.heldBy('ada')]).toEqual([false, true, 5])
})

test('equal names of two kinds are counted apart', () => {
  const { limits, counts } = threads(2)
  const others = new HeldCounts(limits[1] as SharedLimits, 'reads')
  expect([counts[0].take('ada', 1, 1), others.take('ada', 1, 1), others.heldBy('ada')]).toEqual([true, true, 1])
})

test('a thread that has ended gives back what it held of every name, and no other does', () => {
  const { limits, counts } = threads(3)
  const [writer, one, two] = counts
  for (let n = 0; n < 1_000; n++) one.take(`agent-${n}`, 3, 10)
  two.take('agent-7', 2, 10)
  expect(writer.heldBy('agent-7')).toBe(5)
  limits[0]?.forget(1)
  expect([writer.heldBy('agent-7'), writer.heldBy('agent-8'), two.heldBy('agent-7')]).toEqual([2, 0, 2])
  // The thread that has its number now.
  const next = new HeldCounts(new SharedLimits(1, limits[0]?.memory), 'waits')
  expect([next.take('agent-7', 8, 10), writer.heldBy('agent-7'), next.take('agent-7', 1, 10)]).toEqual([
    true,
    10,
    false,
  ])
})

test('more names than there is room for: no other thread hears of some, and everything given back is free again', () => {
  const [writer, one] = threads(2).counts
  const all = Array.from({ length: 60_000 }, (_, n) => `agent-${n}`)
  expect(all.every(name => one.take(name, 1, 1))).toBe(true)
  const told = all.filter(name => writer.heldBy(name) === 1).length
  expect(told).toBeGreaterThan(20_000)
  expect(told).toBeLessThanOrEqual(32_768)
  expect(all.every(name => !one.take(name, 1, 1))).toBe(true)
  for (const name of all) one.giveBack(name, 1)
  expect(all.every(name => one.heldBy(name) === 0 && writer.heldBy(name) === 0)).toBe(true)
  expect(writer.take('agent-7', 1, 1) && !one.take('agent-7', 1, 1)).toBe(true)
})

test('a number of a thread that the memory has no share for is refused', () => {
  expect(() => new SharedLimits(2, memoryOfLimits(2))).toThrow('thread 2 has no share in memory for 2')
  expect(() => new SharedLimits(1)).toThrow(RangeError)
  expect(() => new SharedLimits(-1)).toThrow(RangeError)
})

test('counts of large amounts, such as bytes, are exact', () => {
  const [writer, one] = threads(2).counts
  const most = 2 ** 40
  expect([writer.take('ada', most - 1, most), one.take('ada', 2, most), one.take('ada', 1, most)]).toEqual([
    true,
    false,
    true,
  ])
})
