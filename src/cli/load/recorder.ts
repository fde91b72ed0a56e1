// What a run has measured: times in HDR histograms for each operation and each slice of the run, and counts of what came of them.
import { build, type Histogram } from 'hdr-histogram-js'
import { TALLIED } from './messages.js'
import { OUTCOMES } from './operations.js'
import { LOAD_OPERATIONS, type LoadOperation } from './profile.js'

/** A slice is a second, or so long that a long run has no more than these. */
const MOST_SLICES = 600
/** Times are right within a hundredth of themselves. */
const DIGITS = 2
const LONGEST_MICROS = 600_000_000

export type Counts = Record<(typeof OUTCOMES)[number] | 'events', number>

export interface Times {
  readonly count: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

interface Measured {
  readonly micros: Histogram
  readonly counts: Counts
}

export class RunSlice {
  /** How late operations were sent, in microseconds. */
  readonly late = histogram()
  readonly measured = new Map<LoadOperation, Measured>()

  of(operation: LoadOperation): Measured {
    let measured = this.measured.get(operation)
    if (measured === undefined) {
      measured = { micros: histogram(), counts: noCounts() }
      this.measured.set(operation, measured)
    }
    return measured
  }
}

export class Recorder {
  readonly sliceSeconds: number
  /** By when the operations were to be sent. */
  readonly slices: readonly RunSlice[]

  constructor(seconds: number) {
    this.sliceSeconds = Math.max(1, Math.ceil(seconds / MOST_SLICES))
    this.slices = Array.from({ length: Math.max(1, Math.ceil(seconds / this.sliceSeconds)) }, () => new RunSlice())
  }

  take(rows: Float64Array): void {
    for (let row = 0; row < rows.length; row += TALLIED.length) this.record(rows.subarray(row, row + TALLIED.length))
  }

  /** All slices that are chosen together, by operation. */
  sum(isChosen: (second: number) => boolean = () => true): RunSlice {
    const sum = new RunSlice()
    for (const [index, slice] of this.slices.entries()) {
      if (!isChosen(index * this.sliceSeconds)) continue
      sum.late.add(slice.late)
      for (const [operation, { micros, counts }] of slice.measured) {
        const into = sum.of(operation)
        into.micros.add(micros)
        for (const name of Object.keys(counts) as (keyof Counts)[]) into.counts[name] += counts[name]
      }
    }
    return sum
  }

  private record([operation = 0, at = 0, micros = 0, outcome = 0, lateMs = 0, events = 0]: Float64Array): void {
    const name = LOAD_OPERATIONS[operation] as LoadOperation
    const index = Math.min(this.slices.length - 1, Math.floor(at / 1_000 / this.sliceSeconds))
    const slice = this.slices[index] as RunSlice
    const measured = slice.of(name)
    const what = OUTCOMES[outcome] as (typeof OUTCOMES)[number]
    measured.counts[what]++
    measured.counts.events += events
    // How soon a server refuses says nothing of how soon it serves.
    if (what === 'done') measured.micros.recordValue(clamped(micros))
    if (name !== 'deliver' && name !== 'work') slice.late.recordValue(clamped(lateMs * 1_000))
  }
}

export function timesOf(micros: Histogram): Times {
  const at = (percentile: number) => inMs(micros.getValueAtPercentile(percentile))
  return {
    count: micros.totalCount,
    p50Ms: at(50),
    p95Ms: at(95),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: inMs(micros.maxValue),
  }
}

const inMs = (micros: number) => Math.round(micros / 10) / 100
const clamped = (micros: number) => Math.min(LONGEST_MICROS, Math.max(1, Math.round(micros)))

function histogram(): Histogram {
  return build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_MICROS,
    numberOfSignificantValueDigits: DIGITS,
    useWebAssembly: false,
  })
}

function noCounts(): Counts {
  return { done: 0, refused: 0, curt: 0, unanswered: 0, failed: 0, events: 0 }
}
