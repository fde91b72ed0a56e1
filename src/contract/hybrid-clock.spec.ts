// The hybrid logical clock under every wall clock there is: standing, jumping, wrong by years, started again.
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { DAY, HOUR, ManualClock, NEW_YEAR, SECOND, YEAR } from '../../test/support/manual-clock.js'
import { compareIds, SEQUENCE_MAX, TIMESTAMP_MAX } from './event-id.js'
import { type ClockReading, HybridClock } from './hybrid-clock.js'

function order(a: ClockReading, b: ClockReading): number {
  return compareIds({ ...a, nodeId: 'n' }, { ...b, nodeId: 'n' })
}

/** Moves of a wall clock: none, ticks, an hour back, ten years either way, anything. */
const moves = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, SECOND, HOUR, -HOUR, DAY, 10n * YEAR, -10n * YEAR),
  fc.bigInt({ min: -100n * YEAR, max: 100n * YEAR }),
)

describe('the hybrid clock', () => {
  it('follows a wall clock that moves on, and counts while it stands', () => {
    const wall = new ManualClock()
    const clock = new HybridClock(wall)
    const readings = [clock.next(), clock.next()]
    wall.move(5n)
    readings.push(clock.next())
    expect(readings).toEqual([
      { timestampNs: NEW_YEAR, sequence: 0 },
      { timestampNs: NEW_YEAR, sequence: 1 },
      { timestampNs: NEW_YEAR + 5n, sequence: 0 },
    ])
  })

  it('gives what is appended together one moment, and never a reading twice', () => {
    const wall = new ManualClock()
    const clock = new HybridClock(wall)
    const readings = [clock.next()]
    wall.move(5n)
    readings.push(clock.following(), clock.next())
    expect(readings).toEqual([
      { timestampNs: NEW_YEAR, sequence: 0 },
      { timestampNs: NEW_YEAR, sequence: 1 },
      { timestampNs: NEW_YEAR + 5n, sequence: 0 },
    ])
  })

  it('stands while the wall clock is an hour back, and follows again once that has caught up', () => {
    const wall = new ManualClock()
    const clock = new HybridClock(wall)
    clock.next()
    wall.move(-HOUR)
    expect(clock.next()).toEqual({ timestampNs: NEW_YEAR, sequence: 1 })
    wall.move(HOUR)
    expect(clock.next()).toEqual({ timestampNs: NEW_YEAR, sequence: 2 })
    wall.move(1n)
    expect(clock.next()).toEqual({ timestampNs: NEW_YEAR + 1n, sequence: 0 })
  })

  it('only ever grows, whatever the wall clock does', () => {
    fc.assert(
      fc.property(fc.array(moves, { minLength: 1, maxLength: 100 }), steps => {
        const wall = new ManualClock()
        const clock = new HybridClock(wall)
        let last = clock.next()
        for (const step of steps) {
          wall.move(step)
          const reading = clock.next()
          expect(order(last, reading)).toBeLessThan(0)
          last = reading
        }
      }),
    )
  })

  it('only ever grows when it is started again with the last reading', () => {
    fc.assert(
      fc.property(fc.array(moves, { minLength: 1, maxLength: 30 }), steps => {
        const wall = new ManualClock()
        let last: ClockReading = new HybridClock(wall).next()
        for (const step of steps) {
          wall.move(step)
          const clock = new HybridClock(wall, last)
          const first = clock.next()
          expect(order(last, first)).toBeLessThan(0)
          last = clock.next()
          expect(order(first, last)).toBeLessThan(0)
        }
      }),
    )
  })

  it('reads differently every time within one tick', () => {
    const clock = new HybridClock(new ManualClock())
    const sequences = Array.from({ length: 10_000 }, () => clock.next().sequence)
    expect(sequences).toEqual(sequences.map((_, i) => i))
  })

  it('takes a nanosecond when a tick has no numbers left', () => {
    const last = { timestampNs: NEW_YEAR, sequence: SEQUENCE_MAX - 1 }
    const clock = new HybridClock(new ManualClock(), last)
    expect(clock.next()).toEqual({ timestampNs: NEW_YEAR, sequence: SEQUENCE_MAX })
    expect(clock.next()).toEqual({ timestampNs: NEW_YEAR + 1n, sequence: 0 })
  })

  it('does not follow a wall clock out of what an id can hold', () => {
    expect(new HybridClock(new ManualClock(-HOUR)).next()).toEqual({ timestampNs: 0n, sequence: 0 })
    expect(new HybridClock(new ManualClock(0n)).next()).toEqual({ timestampNs: 0n, sequence: 0 })
    expect(new HybridClock(new ManualClock(TIMESTAMP_MAX + 1n)).next()).toEqual({ timestampNs: 0n, sequence: 0 })
    expect(new HybridClock(new ManualClock(TIMESTAMP_MAX)).next()).toEqual({ timestampNs: TIMESTAMP_MAX, sequence: 0 })
  })
})
