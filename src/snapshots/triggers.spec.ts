// When a snapshot is due: each trigger at its edge, the first of them named, and hours that are quiet.
import { describe, expect, test } from '@jest/globals'
import { dueFor, isWithin, RequestRate, type SinceSnapshot } from './triggers.js'

const HOUR = 3_600_000
const RULES = { events: 10_000, growthBytes: 500_000_000, quietMs: 6 * HOUR }
const NOTHING: SinceSnapshot = { positions: 5, matching: 0, ms: 0, bytes: 0, isQuiet: false, hasLost: false }

describe('a snapshot of a fold', () => {
  test.each<readonly [string, Partial<SinceSnapshot>, string | undefined]>([
    ['is not due for nothing', {}, undefined],
    ['is due when there is none', { positions: undefined }, 'demand'],
    ['is not due one event early', { matching: 9_999 }, undefined],
    ['is due after so many events', { matching: 10_000 }, 'events'],
    ['is not due one byte early', { bytes: 499_999_999 }, undefined],
    ['is due after so much log', { bytes: 500_000_000 }, 'growth'],
    ['is not due by a growth that nobody knows', { bytes: undefined }, undefined],
    ['is not due by time alone', { ms: 100 * HOUR }, undefined],
    ['is not due in quiet hours before six hours are over', { ms: 6 * HOUR - 1, isQuiet: true }, undefined],
    ['is due in quiet hours after six hours', { ms: 6 * HOUR, isQuiet: true }, 'quiet'],
    [
      'is never due where the log has not moved',
      { positions: 0, ms: 100 * HOUR, isQuiet: true, bytes: 1e9 },
      undefined,
    ],
    ['is due when one was lost, whatever else', { positions: 0, hasLost: true }, 'repair'],
    ['is due for the events first', { matching: 10_000, bytes: 1e9, ms: 7 * HOUR, isQuiet: true }, 'events'],
    ['is due for the growth before the hours', { bytes: 1e9, ms: 7 * HOUR, isQuiet: true }, 'growth'],
  ])('%s', (_, since, reason) => {
    expect(dueFor({ ...NOTHING, ...since }, RULES)).toBe(reason)
  })
})

test.each<readonly [string, string, boolean]>([
  ['22:00-06:00', '21:59', false],
  ['22:00-06:00', '22:00', true],
  ['22:00-06:00', '05:59', true],
  ['22:00-06:00', '06:00', false],
  ['01:30-02:30', '01:29', false],
  ['01:30-02:30', '01:30', true],
  ['01:30-02:30', '02:30', false],
  ['00:00-00:00', '13:00', true],
])('of the hours %s, %s is one: %s', (window, time, within) => {
  expect(isWithin(window, Date.parse(`2026-03-01T${time}:30Z`))).toBe(within)
})

test('how many requests come in a minute is known from the second look on', () => {
  const rate = new RequestRate()
  expect(rate.perMinute(1_000, 0)).toBe(Number.POSITIVE_INFINITY)
  expect(rate.perMinute(1_030, 30_000)).toBe(60)
  expect(rate.perMinute(1_030, 60_000)).toBe(0)
  expect(rate.perMinute(1_030, 60_000)).toBe(Number.POSITIVE_INFINITY)
})
