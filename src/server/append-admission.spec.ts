// Which appends are let in while more come than can be taken, by a server that is reckoned here.
import { expect, test } from '@jest/globals'
import { AppendAdmission } from './append-admission.js'

/** A server that takes one append after the other, `costMs` each, asked for so many a second. */
function served(perSecond: (second: number) => number, { seconds = 10, costMs = 1, longestMs = 20 } = {}) {
  let now = 0
  const admission = new AppendAdmission(longestMs, () => now)
  const waiting: number[] = []
  const told = { times: [] as number[], refused: [] as number[], accepted: 0 }
  let due = 0
  for (; now < seconds * 1_000; now++) {
    for (due += perSecond(now / 1_000) / 1_000; due >= 1; due--) {
      if (!admission.enter()) told.refused.push(now)
      else {
        told.accepted++
        waiting.push(now)
      }
    }
    for (let left = 1 / costMs; left > 0 && waiting.length > 0; left--) {
      told.times.push(now - (waiting.shift() as number))
      admission.leave()
    }
  }
  const sorted = told.times.sort((one, other) => one - other)
  return { ...told, p99: sorted[Math.floor(sorted.length * 0.99)] as number }
}

test('as long as all are in time nobody is refused', () => {
  expect(served(() => 900)).toMatchObject({ refused: [] })
})

test('of twice as many as can be taken, nearly as many are taken as can be, in about the time they may take', () => {
  const { accepted, p99 } = served(() => 2_000, { seconds: 30 })
  expect(accepted).toBeGreaterThan(28_000)
  expect(p99).toBeLessThan(30)
})

test('a moment after there are no longer too many nobody is refused any more', () => {
  const { refused } = served(second => (second < 5 ? 3_000 : 500))
  expect(refused.length).toBeGreaterThan(5_000)
  expect(Math.max(...refused)).toBeLessThan(5_200)
})

test('a burst that is over within the time is taken whole', () => {
  expect(served(second => (second < 0.02 ? 2_000 : 100))).toMatchObject({ refused: [] })
})

test('some may come also where not one is answered', () => {
  let now = 0
  const admission = new AppendAdmission(20, () => now)
  const entered = Array.from({ length: 50 }, () => {
    now += 50
    return admission.enter()
  })
  expect(entered.filter(may => may).length).toBeGreaterThanOrEqual(4)
  expect(entered.at(-1)).toBe(false)
})
