// What the monitors of a real server saw of a mixed load, slice by slice, as `record-noise.ts` has written it down.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LogHistogram } from '../../src/monitors/log-histogram.js'
import type { LoopFigures } from '../../src/monitors/loop-watch.js'
import type { MemoryUse } from '../../src/monitors/memory-use.js'
import type { Descriptors } from '../../src/monitors/process-facts.js'
import { type Slice, TIMED_WORK, type TimedWork } from '../../src/monitors/service-levels.js'
import type { VolumeUse } from '../../src/monitors/volume-monitor.js'

export const NOISE_FILE = join(import.meta.dirname, 'noise.ndjson')

export interface RecordedWork {
  readonly good: number
  readonly bad: number
  /** Milliseconds and how many took about so long. */
  readonly durations: readonly (readonly [number, number])[]
}

export interface RecordedSlice {
  readonly work: Readonly<Record<TimedWork, RecordedWork>>
  readonly heapBytes: number
  readonly residentBytes: number
  readonly loop: LoopFigures
  readonly descriptors: Descriptors
  readonly volume: VolumeUse
  readonly memory: MemoryUse
}

/** Behind the line that says where the figures come from, each line is a slice. */
export function readNoise(): RecordedSlice[] {
  const [, ...lines] = readFileSync(NOISE_FILE, 'utf8').trim().split('\n')
  return lines.map(line => JSON.parse(line) as RecordedSlice)
}

export type Slices = Readonly<Record<TimedWork, Slice>>

export function slicesOf({ work }: RecordedSlice): Slices {
  return Object.fromEntries(TIMED_WORK.map(one => [one, sliceOf(work[one])])) as Slices
}

export function sliceOf({ good, bad, durations }: RecordedWork): Slice {
  const histogram = new LogHistogram()
  for (const [ms, count] of durations) for (let n = 0; n < count; n++) histogram.record(ms)
  return { good, bad, durations: histogram }
}
