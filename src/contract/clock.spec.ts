// The system's clock to the microsecond, whatever is done to it.
import fc from 'fast-check'
import { SYSTEM_CLOCK, WallClock } from './clock.js'

const millisecondOf = (reading: bigint) => Number(reading / 1_000_000n)

test('it tells microseconds, and never another millisecond than the system does', () => {
  const readings: bigint[] = []
  const until = Date.now() + 20
  while (Date.now() < until) {
    const before = Date.now()
    const reading = SYSTEM_CLOCK.now()
    expect(millisecondOf(reading)).toBeGreaterThanOrEqual(before)
    expect(millisecondOf(reading)).toBeLessThanOrEqual(Date.now())
    readings.push(reading)
  }
  expect(readings.every(reading => reading % 1_000n === 0n)).toBe(true)
  expect(new Set(readings.map(reading => (reading / 1_000n) % 1_000n)).size).toBeGreaterThan(20)
})

test('it follows every step and drift of the wall clock at once, and is exact to microseconds beside one that runs well', () => {
  const step = fc.record({
    passMs: fc.double({ min: 0, max: 3, noNaN: true }),
    jumpMs: fc.constantFrom(0, 0, 0, 0, 1, -1, 3_600_000, -3_600_000),
    driftPpm: fc.constantFrom(0, 500, -500),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), steps => {
      let [wall, steady] = [1_767_225_600_000.4, 10.7]
      const clock = new WallClock(
        () => Math.floor(wall),
        () => steady,
      )
      for (const { passMs, jumpMs, driftPpm } of steps) {
        steady += passMs
        wall += passMs * (1 + driftPpm / 1e6) + jumpMs
        expect(millisecondOf(clock.now())).toBe(Math.floor(wall))
      }
      // Asked often, it finds where a millisecond begins.
      for (let at = 0; at < 3_000; at++) {
        wall += 1 / 1_024
        steady += 1 / 1_024
        clock.now()
      }
      expect(Math.abs(Number(clock.now()) / 1e6 - wall)).toBeLessThan(0.01)
    }),
    { numRuns: 60 },
  )
})
