// Leaks, descriptors and a held event loop become signals; noise, a load that grows and a missing kernel do not.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { Signals } from '../signals/signals.js'
import { LoopWatch } from './loop-watch.js'
import { descriptorsOf, trafficOf } from './process-facts.js'
import { ProcessMonitor } from './process-monitor.js'
import { growthOf } from './trend.js'

const SLICE_MS = 5_000
const PER_HOUR = 3_600_000 / SLICE_MS
const MB = 1_000_000
const STILL = { waitMs: 1, longestCollectionMs: 0, collectionMs: 0 }

interface Course {
  readonly hours?: number
  readonly perHour?: number
  readonly workPerHour?: number
  readonly seed?: number
}

/** Repeats itself for a seed, and stays within 0 and 1. */
function noiseOf(seed: number): () => number {
  let state = seed + 1
  return () => {
    state = (state * 16_807) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** Drives a monitor through hours in which 100 MB are in use, and garbage of up to 40 MB comes and goes. */
function after({ hours = 1, perHour = 0, workPerHour = 0, seed = 1 }: Course): Signals {
  const signals = new Signals()
  const monitor = new ProcessMonitor(signals)
  const noise = noiseOf(seed)
  for (let n = 0; n < hours * PER_HOUR; n++) {
    const gone = n / PER_HOUR
    const live = 100 * MB * (1 + perHour * gone)
    monitor.look({
      nowMs: n * SLICE_MS,
      memory: {
        heapBytes: live + 40 * MB * noise(),
        residentBytes: 200 * MB + 5 * MB * noise(),
        work: 1_000 * (1 + workPerHour * gone),
      },
      loop: STILL,
      descriptors: undefined,
    })
  }
  return signals
}

test('memory that grows under a steady load is told as a leak', () => {
  expect(after({ perHour: 0.3 }).active).toMatchObject([{ cause: 'memory_leak', level: 'warning' }])
})

test('noise alone is no leak, however it falls', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), seed => {
      expect(after({ hours: 1.2, seed }).active).toEqual([])
    }),
    { numRuns: 30, seed: 7 },
  )
})

test('memory that grows with the load is no leak', () => {
  expect(after({ perHour: 0.3, workPerHour: 2 }).active).toEqual([])
})

test('half an hour has to be known before anything is said', () => {
  expect(after({ hours: 0.4, perHour: 1 }).active).toEqual([])
})

test('a growth is found with its doubt, and two points are none', () => {
  const line = [0, 1, 2, 3].map(hours => ({ hours, value: 100 + 10 * hours }))
  expect(growthOf(line)?.sharePerHour).toBeCloseTo(10 / 115)
  expect(growthOf(line)?.atLeast).toBeCloseTo(10 / 115)
  const noisy = line.map(({ hours, value }) => ({ hours, value: value + (hours % 2) * 30 }))
  expect(growthOf(noisy)?.atLeast).toBeLessThan(0)
  expect(growthOf(line.slice(0, 2))).toBeUndefined()
})

function levels(cause: 'event_loop' | 'descriptors', looks: readonly number[]) {
  const signals = new Signals()
  const monitor = new ProcessMonitor(signals)
  return looks.map((figure, n) => {
    monitor.look({
      nowMs: n * SLICE_MS,
      memory: { heapBytes: MB, residentBytes: MB, work: 0 },
      loop: cause === 'event_loop' ? { ...STILL, waitMs: figure } : STILL,
      descriptors: cause === 'descriptors' ? { open: figure, limit: 1_000 } : undefined,
    })
    return signals.levelOf(cause)
  })
}

test('an event loop that is held for three windows warns, for one it does not', () => {
  expect(levels('event_loop', [500, 1, 500, 500, 500, 1, 1, 1])).toEqual([
    ...['ok', 'ok', 'ok', 'ok', 'warning', 'warning', 'warning', 'ok'],
  ])
})

test('descriptors warn above three quarters of the limit, and are well again clearly below', () => {
  expect(levels('descriptors', [740, 760, 700, 600])).toEqual(['ok', 'warning', 'warning', 'ok'])
})

test('where the kernel tells nothing, facts are left out', async () => {
  expect(await descriptorsOf('/nowhere')).toBeUndefined()
  expect(await trafficOf('/nowhere')).toEqual({})
})

test('the kernel is read as it writes, and loopback does not count', async () => {
  const proc = mkdtempSync(join(tmpdir(), 'lighthouse-'))
  mkdirSync(join(proc, 'fd'))
  mkdirSync(join(proc, 'net'))
  for (const name of ['0', '1', '2']) writeFileSync(join(proc, 'fd', name), '')
  writeFileSync(join(proc, 'limits'), 'Limit  Soft Limit  Hard Limit  Units\nMax open files   1024   4096   files\n')
  writeFileSync(join(proc, 'io'), 'rchar: 9\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 1\n')
  const zeros = '0 0 0 0 0 0 0'
  writeFileSync(
    join(proc, 'net/dev'),
    `Inter-|\n face |bytes\n    lo: 7 ${zeros} 7 ${zeros}\n  eth0: 100 ${zeros} 50 ${zeros}\n`,
  )
  expect(await descriptorsOf(proc)).toEqual({ open: 2, limit: 1_024 })
  expect(await trafficOf(proc)).toEqual({
    diskReadBytes: 4_096,
    diskWrittenBytes: 8_192,
    networkReceivedBytes: 100,
    networkSentBytes: 50,
  })
  rmSync(proc, { recursive: true })
})

test('a loop that is held is measured, and each window begins anew', async () => {
  const watch = new LoopWatch()
  watch.start()
  const { promise, resolve } = Promise.withResolvers<void>()
  let turns = 0
  const timer = setInterval(() => {
    if (++turns === 3) for (const end = performance.now() + 150; performance.now() < end; );
    if (turns > 5) resolve()
  }, 25)
  await promise
  clearInterval(timer)
  expect(watch.endWindow().waitMs).toBeGreaterThan(100)
  expect(watch.endWindow().waitMs).toBe(0)
  watch.stop()
})
