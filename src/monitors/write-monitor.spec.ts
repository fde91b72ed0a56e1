// Appends that are slow, fail or hang become signals; what is the caller's own fault does not.
import fc from 'fast-check'
import type { ErrorCode } from '../contract/errors.js'
import { Signals } from '../signals/signals.js'
import { LogHistogram } from './log-histogram.js'
import { ServiceLevels } from './service-levels.js'
import { LEAST_SAMPLES, WINDOWS, WriteMonitor } from './write-monitor.js'

const THRESHOLDS = {
  writeLatencyMs: { warning: 100, critical: 1_000 },
  writeErrors: { warning: 0.01, critical: 0.05 },
}

class Writes {
  readonly levels = new ServiceLevels()
  readonly signals = new Signals()
  private readonly monitor = new WriteMonitor(this.levels, this.signals, THRESHOLDS)

  /** One window in which so many appends took so long, and so many failed. */
  window({ count = LEAST_SAMPLES, ms = 2, failed = 0, code = 'INTERNAL' as ErrorCode } = {}): this {
    for (let n = 0; n < count + failed; n++) this.levels.begin()
    for (let n = 0; n < count; n++) this.levels.done('append', ms)
    for (let n = 0; n < failed; n++) this.levels.failed('append', ms, code)
    this.monitor.look()
    return this
  }

  repeated(times: number, window: Parameters<Writes['window']>[0]): this {
    for (let n = 0; n < times; n++) this.window(window)
    return this
  }
}

test('appends that are quick and stored tell nothing', () => {
  expect(new Writes().repeated(20, {}).signals.active).toEqual([])
})

test.each([
  [200, 'warning'],
  [2_000, 'critical'],
] as const)('appends that take %i ms for three windows are %s', (ms, level) => {
  const writes = new Writes().repeated(WINDOWS - 1, { ms })
  expect(writes.signals.levelOf('write_latency')).toBe('ok')
  expect(writes.window({ ms }).signals.active).toMatchObject([{ cause: 'write_latency', level }])
  expect(writes.repeated(WINDOWS, {}).signals.active).toEqual([])
})

test('a few slow appends are not enough to judge by', () => {
  expect(new Writes().repeated(10, { count: LEAST_SAMPLES - 1, ms: 5_000 }).signals.active).toEqual([])
})

test('failures of the service are counted by their share', () => {
  const writes = new Writes().repeated(WINDOWS, { count: 97, failed: 3 })
  expect(writes.signals.active).toMatchObject([{ cause: 'write_errors', level: 'warning' }])
  expect(writes.repeated(WINDOWS, { count: 90, failed: 10 }).signals.levelOf('write_errors')).toBe('critical')
})

test.each<ErrorCode>(['REVISION_CONFLICT', 'INVALID_EVENT', 'RATE_LIMITED', 'KEY_REUSED', 'MODE_FORBIDS', 'FORBIDDEN'])(
  '%s is no failure of the service',
  code => {
    expect(new Writes().repeated(10, { count: 50, failed: 500, code }).signals.active).toEqual([])
  },
)

test('appends that nobody answers for ten seconds are critical, though none has a duration', () => {
  const writes = new Writes()
  writes.levels.begin()
  writes.window({ count: 0 })
  expect(writes.signals.active).toEqual([])
  writes.window({ count: 0 })
  expect(writes.signals.active).toMatchObject([{ cause: 'write_latency', level: 'critical' }])
  writes.levels.done('append', 30_000)
  expect(writes.window({ count: 0 }).signals.active).toEqual([])
})

test('a quantile is at most a tenth above the true one, and never below', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.002, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0.5, 0.95, 0.99, 0.999),
      (durations, q) => {
        const histogram = new LogHistogram()
        for (const ms of durations) histogram.record(ms)
        const exact = durations.toSorted((a, b) => a - b)[Math.ceil(durations.length * q) - 1] as number
        const told = histogram.quantile(q) as number
        expect(told).toBeGreaterThanOrEqual(exact * 0.999999)
        expect(told).toBeLessThanOrEqual(exact * 1.1)
      },
    ),
  )
})
