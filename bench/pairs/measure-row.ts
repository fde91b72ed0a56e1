// Measures one row: pairs of fresh processes, both sides started, warmed and measured by turns, the order reversed each time.
import { median, pause } from '../engine/figures.js'
import { loadNow } from '../engine/machine.js'
import { type Comparison, compare, type Interval, intervalOf } from './comparison.js'
import type { PairRow } from './row.js'
import { cpuSecondsOf, type Side, type Subject } from './side.js'

const WARMING_SECONDS = 1

export interface Settings {
  readonly sides: readonly [before: Side, after: Side]
  readonly pairs: number
  readonly seconds: number
  readonly directory: string
  readonly warmingSeconds?: number
  /** How often each side of a pair has its turn: 1 unless given. A machine that changes its speed changes it for both. */
  readonly turns?: number
}

export interface RowResult extends Comparison {
  readonly name: string
  readonly what: string
  readonly unit: string
  readonly better: PairRow['better']
  /** CPU of the measured process for each operation, after by before; steadier than time where others are at work. */
  readonly cpu?: Interval
  /** Of each pair. */
  readonly cpuRatios?: readonly number[]
  /** CPU of the measured process for each operation in microseconds, of each side. */
  readonly cpuMicros?: readonly [before: number, after: number]
  readonly tookSeconds: number
  readonly load: string
}

interface Measured {
  readonly figure: number
  readonly cpu: number
}

/** Each pair has processes of its own: what one process happened to become says nothing about the next pair. */
export async function measureRow(row: PairRow, settings: Settings): Promise<RowResult> {
  const begun = performance.now()
  const [before, after]: [Measured[], Measured[]] = [[], []]
  for (let pair = 0; pair < settings.pairs; pair++) {
    const subjects = await started(row, settings)
    try {
      for (const subject of subjects) await subject.measure(settings.warmingSeconds ?? WARMING_SECONDS)
      const [first, second] = await byTurns(subjects, settings, pair)
      before.push(first)
      after.push(second)
    } finally {
      await Promise.all(subjects.map(subject => subject.stop()))
    }
  }
  const figures = (side: readonly Measured[]) => side.map(({ figure }) => figure)
  const cpu = after.map((one, pair) => one.cpu / (before[pair] as Measured).cpu)
  return {
    name: row.name,
    what: row.what,
    unit: row.unit,
    better: row.better,
    ...compare(figures(before), figures(after), row.better),
    ...(cpu.every(ratio => ratio > 0 && Number.isFinite(ratio))
      ? { cpu: intervalOf(cpu), cpuRatios: cpu, cpuMicros: [microsOf(before), microsOf(after)] as const }
      : {}),
    tookSeconds: Math.round((performance.now() - begun) / 1_000),
    load: loadNow(),
  }
}

function microsOf(side: readonly Measured[]): number {
  return median(side.map(({ cpu }) => cpu)) * 1e6
}

async function started(row: PairRow, { sides, directory }: Settings): Promise<Subject[]> {
  const outcomes = await Promise.allSettled(sides.map(side => row.start({ side, directory })))
  const failed = outcomes.find(outcome => outcome.status === 'rejected')
  const subjects = outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  if (failed === undefined) return subjects
  await Promise.all(subjects.map(subject => subject.stop()))
  throw failed.reason
}

/** The CPU is that of the whole time, because some of what a turn has begun is done after it. */
async function byTurns(subjects: readonly Subject[], { seconds, turns = 1 }: Settings, pair: number) {
  const sides = subjects.map(subject => ({ subject, begun: cpuOf(subject), figures: [] as number[], operations: 0 }))
  for (let turn = 0; turn < turns; turn++) {
    for (const side of (pair + turn) % 2 === 0 ? sides : sides.toReversed()) {
      await pause()
      const begun = performance.now()
      const { figure, perSecond } = await side.subject.measure(seconds)
      side.figures.push(figure)
      side.operations += (perSecond * (performance.now() - begun)) / 1_000
    }
  }
  await pause()
  return sides.map(({ subject, begun, figures, operations }) => ({
    figure: median(figures),
    cpu: (cpuOf(subject) - begun) / operations,
  })) as [Measured, Measured]
}

function cpuOf({ pid }: Subject): number {
  return cpuSecondsOf(pid) ?? Number.NaN
}
