// Measures a row for the gate: more pairs where the first ones leave it open, and once more when it trips.
import { type Interval, intervalOf } from '../pairs/comparison.js'
import { measureRow, type RowResult, type Settings } from '../pairs/measure-row.js'
import type { PairRow } from '../pairs/row.js'
import { confirmed, isOpen, type Judgement, judge } from './judge.js'

/** What is judged of each row: its figure, and the CPU of the server for each operation. */
export type Measure = 'figure' | 'cpu'

export interface Judged extends Interval {
  readonly row: string
  readonly what: string
  readonly measure: Measure
  readonly unit: string
  readonly before: number
  readonly after: number
  readonly pairs: number
  readonly judgement: Judgement
  /** What the first run said, where it tripped and was therefore followed by this one. */
  readonly tripped?: Interval
  readonly load: string
}

type Sample = Pick<Judged, 'measure' | 'unit' | 'before' | 'after'> & { readonly ratios: readonly number[] }

/** `mayExtend` is asked for the seconds that more pairs would take. */
export async function judgeRow(
  row: PairRow,
  settings: Settings,
  mayExtend: (seconds: number) => boolean,
): Promise<Judged[]> {
  const first = await settled(row, settings, mayExtend)
  if (first.every(({ judgement }) => judgement === 'good')) return first
  const again = await settled(row, settings, mayExtend)
  return again.map(one => {
    const { judgement, ratio, low, high } = first.find(({ measure }) => measure === one.measure) ?? one
    const both = { ...one, judgement: confirmed(judgement, one.judgement) }
    return judgement === 'good' ? both : { ...both, tripped: { ratio, low, high } }
  })
}

async function settled(row: PairRow, settings: Settings, mayExtend: (seconds: number) => boolean): Promise<Judged[]> {
  const result = await measureRow(row, settings)
  const samples = samplesOf(result)
  if (!samples.some(({ ratios }) => isOpen(intervalOf(ratios))) || !mayExtend(result.tookSeconds))
    return judged(row, samples, result.load)
  const more = samplesOf(await measureRow(row, settings))
  const pooled = samples.map((sample, at) => ({ ...sample, ratios: [...sample.ratios, ...ratiosOf(more[at])] }))
  return judged(row, pooled, result.load)
}

/** Of one run of a row. A measure that the machine does not tell is left out. */
export function samplesOf(result: RowResult): Sample[] {
  const { unit, before, after, ratios, cpuRatios, cpuMicros } = result
  const figure: Sample = { measure: 'figure', unit, before, after, ratios }
  if (cpuRatios === undefined || cpuMicros === undefined) return [figure]
  const [less, more] = cpuMicros
  return [figure, { measure: 'cpu', unit: 'µs of CPU for each', before: less, after: more, ratios: cpuRatios }]
}

function ratiosOf(sample: Sample | undefined): readonly number[] {
  return sample?.ratios ?? []
}

function judged({ name, what }: PairRow, samples: readonly Sample[], load: string): Judged[] {
  return samples.map(({ ratios, ...sample }) => {
    const interval = intervalOf(ratios)
    if (!Number.isFinite(interval.ratio)) throw new Error(`${name}: what was measured is no figure`)
    return { row: name, what, ...sample, ...interval, pairs: ratios.length, judgement: judge(interval), load }
  })
}
