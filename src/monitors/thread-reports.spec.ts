// The writer judges all threads: what they measured is one, the worst of them counts, and one that hangs is known by its silence.
import { mock } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { afterEach, expect, test } from '@jest/globals'
import { until } from '../../test/support/until.js'
import { Signals } from '../signals/signals.js'
import { ThreadCalls } from '../threads/thread-calls.js'
import { FrontMonitor, THREAD_REPORT } from './front-monitor.js'
import { ProcessMonitor } from './process-monitor.js'
import { ServiceLevels, SLICE_MS } from './service-levels.js'
import { ThreadReports } from './thread-reports.js'
import { WINDOWS, WriteMonitor } from './write-monitor.js'

const MB = 1_000_000
const STILL = { waitMs: 1, longestCollectionMs: 2, collectionMs: 3 }
const NEVER = { warning: Number.POSITIVE_INFINITY, critical: Number.POSITIVE_INFINITY }

const leaving: (() => void)[] = []
afterEach(() => {
  for (const leave of leaving.splice(0)) leave()
})

class Writer {
  now = 0
  readonly signals = new Signals()
  readonly levels = new ServiceLevels()
  readonly process = new ProcessMonitor(this.signals)
  readonly fronts = new ThreadReports(this.levels, this.process, () => this.now)

  /** A front thread, and how it dies. */
  front(thread: number): Front {
    const { port1, port2 } = new MessageChannel()
    leaving.push(() => port1.close())
    this.fronts.join(thread, new ThreadCalls(port2))
    return new Front(new ThreadCalls(port1))
  }

  judge(): void {
    const memory = { heapBytes: 0, residentBytes: 0, work: 0 }
    this.process.look({ nowMs: this.now, memory, loop: this.fronts.worstLoop(STILL), descriptors: undefined })
  }
}

class Front {
  readonly levels = new ServiceLevels()
  readonly monitor: FrontMonitor

  constructor(readonly calls: ThreadCalls) {
    this.monitor = new FrontMonitor(this.levels, calls, async () => 3)
  }

  /** As the monitor reports, with figures that no test can make by itself. */
  tells({ waitMs = 1, usedMb = 50, limitMb = 1_000 }): void {
    this.calls.tell(THREAD_REPORT, {
      slices: this.levels.takeSlices(),
      inFlight: this.levels.inFlight,
      loop: { ...STILL, waitMs },
      heap: { usedBytes: usedMb * MB, limitBytes: limitMb * MB },
      connections: 0,
    })
  }
}

test('pages, appends and deliveries of front threads are those of the service', async () => {
  const writer = new Writer()
  const fronts = [writer.front(1), writer.front(2)]
  for (const { levels, monitor } of fronts) {
    for (let n = 0; n < 99; n++) levels.done('query', 2)
    levels.failed('query', 400, 'INTERNAL')
    levels.failed('query', 400, 'INVALID_EVENT')
    levels.followed(true)
    levels.durable(30)
    levels.delivered(true)
    levels.begin()
    levels.begin()
    levels.done('append', 5)
    monitor.report()
  }
  writer.levels.done('query', 2)
  await until(() => writer.levels.inFlight === 2)
  expect(writer.levels.quantile('query', 0.5)).toBeCloseTo(2, 0)
  expect(writer.levels.quantile('query', 0.995)).toBeGreaterThan(390)
  expect(writer.levels.quantile('delivery', 0.5)).toBeGreaterThanOrEqual(30)
  expect(writer.levels.slide('query')).toMatchObject({ good: 199, bad: 2 })
  expect(writer.levels.slide('append')).toMatchObject({ good: 2, bad: 0 })
  expect(writer.levels.slide('delivery')).toMatchObject({ good: 2 })
  for (const { levels, monitor } of fronts) {
    levels.done('append', 5)
    monitor.report()
  }
  await until(() => writer.levels.inFlight === 0)
  expect(writer.levels.slide('append')).toMatchObject({ good: 2, bad: 0 })
  expect(writer.levels.slide('query')).toMatchObject({ good: 0, bad: 0 })
})

test('a front thread reports every five seconds, and the rest when it ends', async () => {
  const { port1, port2 } = new MessageChannel()
  leaving.push(() => port1.close())
  const inFlight: number[] = []
  new ThreadCalls(port2).hear(THREAD_REPORT, report => inFlight.push(report.inFlight))
  const { levels, monitor } = new Front(new ThreadCalls(port1))
  mock.timers.enable({ apis: ['setInterval'] })
  try {
    monitor.start()
    for (let n = 0; n < 2; n++) {
      levels.begin()
      mock.timers.tick(SLICE_MS)
    }
    levels.begin()
    monitor.stop()
    levels.begin()
    mock.timers.tick(SLICE_MS)
  } finally {
    mock.timers.reset()
  }
  await until(() => inFlight.length >= 3)
  expect(inFlight).toEqual([1, 2, 3])
})

test('appends that a front thread waits for are stalled like those of the writer, and no longer when it is gone', async () => {
  const writer = new Writer()
  const front = writer.front(1)
  const thresholds = { writeLatencyMs: NEVER, writeErrors: NEVER }
  const monitor = new WriteMonitor(writer.levels, writer.signals, thresholds)
  front.levels.begin()
  front.monitor.report()
  await until(() => writer.levels.inFlight === 1)
  for (let window = 0; window < WINDOWS; window++) monitor.look()
  expect(writer.signals.active).toMatchObject([{ cause: 'write_latency', level: 'critical' }])
  front.calls.close()
  await until(() => writer.levels.inFlight === 0)
})

test('the thread whose loop is held the longest is the one that is told, by its number', async () => {
  const writer = new Writer()
  const fronts = [writer.front(1), writer.front(2)]
  expect(writer.fronts.worstLoop(STILL)).toEqual({ ...STILL, thread: 0 })
  for (let window = 0; window < WINDOWS; window++) {
    fronts[0]?.tells({ waitMs: 20 })
    fronts[1]?.tells({ waitMs: 900 })
    await until(() => writer.fronts.worstLoop(STILL).waitMs === 900)
    writer.judge()
  }
  expect(writer.signals.active).toMatchObject([{ cause: 'event_loop', metrics: { thread: 2 } }])
})

test('a thread that tells nothing is held for as long as it is silent, until it is gone', async () => {
  const writer = new Writer()
  const front = writer.front(3)
  front.tells({ waitMs: 4 })
  await until(() => writer.fronts.worstLoop(STILL).waitMs === 4)
  for (let window = 0; window < WINDOWS + 1; window++) {
    writer.now += SLICE_MS
    writer.judge()
  }
  const silent = { event_loop_wait_p99_ms: WINDOWS * SLICE_MS, thread: 3 }
  expect(writer.signals.active).toMatchObject([{ cause: 'event_loop', metrics: silent }])
  front.calls.close()
  await until(() => writer.fronts.worstLoop(STILL).thread === undefined)
})

test('of a thread that replaces another nothing is known of before, and the end of the other takes nothing from it', async () => {
  const writer = new Writer()
  const dying = writer.front(1)
  const next = writer.front(1)
  next.tells({ waitMs: 70 })
  dying.calls.close()
  await until(() => writer.fronts.worstLoop(STILL).waitMs === 70)
  writer.now += 2 * SLICE_MS
  expect(writer.fronts.worstLoop(STILL)).toMatchObject({ waitMs: SLICE_MS, thread: 1 })
})

test('the fullest heap counts where it is fuller than the container, and else the container', async () => {
  const writer = new Writer()
  const container = { usedBytes: 600 * MB, limitBytes: 1_000 * MB, of: 'container' } as const
  expect(writer.fronts.worstMemory(container)).toBe(container)
  const fronts = [writer.front(1), writer.front(2)]
  fronts[0]?.tells({ usedMb: 500 })
  fronts[1]?.tells({ usedMb: 400, limitMb: 500 })
  const fullest = { usedBytes: 400 * MB, limitBytes: 500 * MB, of: 'heap' }
  await until(() => writer.fronts.worstMemory(container) !== container)
  expect(writer.fronts.worstMemory(container)).toEqual(fullest)
})

test('a heap that leaks on one front thread is a leak of the service', async () => {
  const writer = new Writer()
  const fronts = [writer.front(1), writer.front(2)]
  const minutes = 60
  for (let minute = 0; minute <= minutes; minute++) {
    const usedMb = 100 * (1 + (minute / 60) * 0.5)
    fronts[0]?.tells({ usedMb: 100 })
    fronts[1]?.tells({ waitMs: minute, usedMb })
    await until(() => writer.fronts.worstLoop({ ...STILL, waitMs: -1 }).waitMs === Math.max(1, minute), 1)
    writer.now += 60_000
  }
  expect(writer.process.growth?.heap.sharePerHour).toBeGreaterThan(0.3)
  fronts[1]?.calls.close()
  await until(() => Math.abs(writer.process.growth?.heap.sharePerHour ?? 1) < 0.001)
})
