// Ages by the steady clock: never more than what really passed.
import { expect, test } from '@jest/globals'
import { HOUR, ManualClock, NEW_YEAR } from '../../test/support/manual-clock.js'
import { SteadyClock } from './steady-clock.js'

test('goes on as time passes, and not as the wall clock steps', () => {
  const clock = new ManualClock()
  const steady = new SteadyClock(clock.now(), clock.steady)
  clock.move(25n * HOUR)
  expect(steady.now()).toBe(NEW_YEAR)
  clock.pass(HOUR)
  clock.move(-50n * HOUR)
  expect(steady.now()).toBe(NEW_YEAR + HOUR)
})

test('is never ahead of what is stamped, and follows nothing that is', () => {
  const clock = new ManualClock()
  const steady = new SteadyClock(clock.now(), clock.steady)
  clock.pass(30n * HOUR)
  steady.stamped(NEW_YEAR + 2n * HOUR)
  expect(steady.now()).toBe(NEW_YEAR + 2n * HOUR)
  steady.stamped(NEW_YEAR + 90n * HOUR)
  clock.pass(HOUR)
  expect(steady.now()).toBe(NEW_YEAR + 3n * HOUR)
})
