// The time series of the gate: one JSON object in a line for each figure that was ever judged, with what it was measured on.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { MachineFacts } from '../engine/machine.js'
import type { Interval } from '../pairs/comparison.js'
import type { Judgement } from './judge.js'
import type { Judged, Measure } from './measure.js'

export const SERIES = 'bench/results/gate.jsonl'

/** What one run of the gate was. */
export interface GateRun {
  readonly id: string
  readonly at: string
  readonly kind: 'short' | 'long' | 'bisect'
  readonly version: string
  readonly machine: MachineFacts
  readonly before: string
  readonly after: string
  readonly seconds: number
  readonly turns: number
}

export interface SeriesLine extends GateRun, Interval {
  readonly row: string
  readonly measure: Measure
  readonly unit: string
  readonly figures: readonly [before: number, after: number]
  readonly pairs: number
  readonly judgement: Judgement
  readonly tripped?: Interval
  readonly load: string
}

export function lineOf(run: GateRun, { before, after, what: _, ...judged }: Judged): SeriesLine {
  return { ...run, ...judged, figures: [before, after] }
}

export function appendSeries(file: string, lines: readonly SeriesLine[]): void {
  mkdirSync(dirname(file), { recursive: true })
  appendFileSync(file, lines.map(line => `${JSON.stringify(line)}\n`).join(''))
}

export function readSeries(file: string): SeriesLine[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter(line => line !== '').map(line => JSON.parse(line) as SeriesLine)
}
