// What a run ends in: everything that was asked, measured and judged, as one object that is kept as JSON.
import { cpus, loadavg, release, totalmem } from 'node:os'
import type { Capacity } from './capacity.js'
import type { DiskTimes } from './disk-times.js'
import type { DoneFault } from './faults.js'
import type { HeapGrowth } from './growth.js'
import type { LedgerCheck, Suspects } from './ledger/check-ledger.js'
import type { Rechecked } from './ledger/kept-ledgers.js'
import { isUsual, type LevelVerdict } from './levels.js'
import type { GeneratorMemory, GeneratorResult } from './messages.js'
import { LOAD_OPERATIONS, type LoadOperation, type PlannedPhase } from './profile.js'
import { type Counts, type Recorder, type Times, timesOf } from './recorder.js'
import type { Sample } from './watch.js'

export interface AskedLoad {
  readonly profile: string
  /** By the clock here. */
  readonly seconds: number
  /** So many times as fast the clock of the server goes. */
  readonly clock: number
  readonly scale: number
  readonly seed: string
  readonly faults: string
  readonly tolerance: number
}

/** What one operation did in one slice. */
export interface SeriesPoint {
  readonly second: number
  readonly perSecond: number
  readonly eventsPerSecond: number
  readonly refusedPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export interface Report {
  readonly of: 'lighthouse load'
  readonly holds: boolean
  readonly asked: AskedLoad
  readonly begun: string
  readonly versions: { readonly command: string; readonly server: string; readonly node: string }
  readonly machine: ReturnType<typeof thisMachine>
  /** Of a server of its own: below what the appends took. */
  readonly disk: DiskTimes | null
  readonly server: { readonly url: string; readonly own: boolean; readonly fileSystem: string | undefined }
  readonly phases: readonly PlannedPhase[]
  readonly schedule: {
    readonly generators: number
    readonly planned: number
    readonly begun: number
    readonly held: number
    readonly late: Times
  }
  readonly faults: readonly (DoneFault & { readonly recoveredAfterSeconds: number | undefined })[]
  readonly operations: readonly OperationReport[]
  readonly store: ReturnType<typeof storeOf>
  /** Of a run in parts that go on with the same store. */
  readonly part:
    | { readonly number: number; readonly eventsBefore: number; readonly rechecked: readonly Rechecked[] }
    | undefined
  readonly capacity: Capacity | undefined
  /** Of a server of its own. */
  readonly memory: HeapGrowth
  readonly generators: readonly GeneratorMemory[]
  /** Of a ramp: when and at how many operations a second the server no longer answered in time. */
  readonly breakingPoint: { readonly second: number; readonly perSecond: number } | undefined
  readonly verdicts: readonly LevelVerdict[]
  readonly series: Readonly<Partial<Record<LoadOperation, readonly SeriesPoint[]>>>
  readonly samples: readonly Sample[]
  readonly told: readonly string[]
}

export interface OperationReport {
  readonly operation: LoadOperation
  /** `beyond`: while the server was asked for more than it may be able to do. */
  readonly phases: 'usual' | 'beyond'
  readonly counts: Counts
  readonly times: Times
}

/** Averages of load over 1, 5 and 15 minutes when a run begins: above the number of cores, others were at work too. */
export function thisMachine() {
  const processors = cpus()
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    system: `${process.platform} ${release()}`,
    load: loadavg().map(load => Math.round(load * 100) / 100),
  }
}

export function operationsOf(recorder: Recorder, phases: readonly PlannedPhase[]): readonly OperationReport[] {
  const parts = [
    ['usual', recorder.sum(second => isUsual(phases, second))],
    ['beyond', recorder.sum(second => !isUsual(phases, second))],
  ] as const
  return parts.flatMap(([name, { measured }]) =>
    [...measured].map(([operation, { micros, counts }]) => ({
      operation,
      phases: name,
      counts,
      times: timesOf(micros),
    })),
  )
}

export function seriesOf({ slices, sliceSeconds }: Recorder): Report['series'] {
  const series: Partial<Record<LoadOperation, SeriesPoint[]>> = {}
  for (const operation of LOAD_OPERATIONS) {
    if (!slices.some(({ measured }) => measured.has(operation))) continue
    series[operation] = slices.map(({ measured }, index) => {
      const found = measured.get(operation)
      if (found === undefined) return quiet(index * sliceSeconds)
      const { counts } = found
      const { p50Ms, p99Ms, maxMs } = timesOf(found.micros)
      return {
        second: index * sliceSeconds,
        perSecond: counts.done / sliceSeconds,
        eventsPerSecond: counts.events / sliceSeconds,
        refusedPerSecond: (counts.refused + counts.curt) / sliceSeconds,
        p50Ms,
        p99Ms,
        maxMs,
      }
    })
  }
  return series
}

function quiet(second: number): SeriesPoint {
  return { second, perSecond: 0, eventsPerSecond: 0, refusedPerSecond: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 }
}

/** Of what is wrong in a store a report names so many. */
const MOST_NAMED = 20

export function storeOf(results: readonly GeneratorResult[]) {
  const sum = (of: (result: GeneratorResult) => number) => results.reduce((total, result) => total + of(result), 0)
  const suspects = (of: (check: LedgerCheck) => Suspects) => results.map(({ check }) => of(check))
  const named = (all: readonly Suspects[]) => all.flatMap(({ first }) => [...first]).slice(0, MOST_NAMED)
  const count = (all: readonly Suspects[]) => all.reduce((total, one) => total + one.count, 0)
  const [lost, doubled] = [suspects(check => check.lost), suspects(check => check.doubled)]
  const [changed, unknown] = [suspects(check => check.changed), suspects(check => check.unknown)]
  return {
    acknowledged: sum(({ acknowledged }) => acknowledged),
    stored: sum(({ check }) => check.stored),
    writtenFrom: results
      .map(({ check }) => check.writtenFrom)
      .filter(time => time !== '')
      .sort()[0],
    writtenTo: results
      .map(({ check }) => check.writtenTo)
      .sort()
      .at(-1),
    retired: sum(({ check }) => check.retired),
    unacknowledged: sum(({ check }) => check.unacknowledged),
    suspects: { lost: count(lost), doubled: count(doubled), changed: count(changed), unknown: count(unknown) },
    lost: named(lost),
    doubled: named(doubled),
    changed: named(changed),
    unknown: named(unknown),
  }
}
