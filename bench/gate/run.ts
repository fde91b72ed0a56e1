// One run of the gate: every row judged, told on the terminal, and kept in the series.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { loadNow, machineFacts } from '../engine/machine.js'
import { short } from '../engine/report.js'
import type { Interval } from '../pairs/comparison.js'
import type { Settings } from '../pairs/measure-row.js'
import type { PairRow } from '../pairs/row.js'
import { exitCodeOf, type Judgement, worst } from './judge.js'
import { type Judged, judgeRow } from './measure.js'
import type { GateRun } from './series.js'

const SAID: Record<Judgement, string> = { good: 'good', look: 'LOOK AT THIS', block: 'BLOCKED' }

export interface Attribution {
  readonly commit: string
  readonly subject: string
  readonly row: string
  readonly measure: Judged['measure']
  /** That each commit was on one side for certain. */
  readonly certain: boolean
  readonly steps: readonly Step[]
}

export interface Step {
  readonly run: GateRun
  readonly judged: Judged
  readonly side: 'before' | 'after'
  readonly certain: boolean
}

export interface GateReport {
  readonly run: GateRun
  readonly judged: readonly Judged[]
  readonly failures: readonly string[]
  readonly judgement: Judgement
  readonly exitCode: 0 | 1 | 2
  readonly tookSeconds: number
  readonly attribution?: Attribution
}

export function gateRun(kind: GateRun['kind'], { sides, seconds, turns = 1, directory }: Settings): GateRun {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  return {
    id: randomUUID(),
    at: new Date().toISOString(),
    kind,
    version,
    machine: machineFacts(directory),
    before: sides[0].commit,
    after: sides[1].commit,
    seconds,
    turns,
  }
}

export interface Gate {
  readonly run: GateRun
  readonly rows: readonly PairRow[]
  readonly settings: Settings
  readonly minutes: number
  readonly say: Say
}

/** Takes one line for whoever watches. */
export type Say = (line: string) => void

/** More pairs are measured only as far as all rows, and one that trips, still end in time. */
export async function runGate({ run, rows, settings, minutes, say }: Gate): Promise<GateReport> {
  const begun = performance.now()
  const passed = () => (performance.now() - begun) / 1_000
  const { machine } = run
  say(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${loadNow()}`)
  say(`before ${run.before}, after ${run.after}; ${settings.pairs} pairs, each ${run.turns} × ${run.seconds} s a side`)
  say('ratio above 1: after is slower; [95 % interval]\n')
  const judged: Judged[] = []
  const failures: string[] = []
  for (const [at, row] of rows.entries()) {
    const mayExtend = (each: number) => passed() + each * (rows.length - at + 1) < minutes * 60
    try {
      const figures = await judgeRow(row, settings, mayExtend)
      judged.push(...figures)
      for (const figure of figures) say(lineOfTable(figure))
    } catch (error) {
      failures.push(`${row.name}: ${error instanceof Error ? error.message : error}`)
      say(failures.at(-1) as string)
    }
  }
  const judgements = judged.map(({ judgement }) => judgement)
  const report: GateReport = {
    run,
    judged,
    failures,
    judgement: worst(judgements),
    exitCode: exitCodeOf(judgements, failures.length),
    tookSeconds: Math.round(passed()),
  }
  say(`\n${SAID[report.judgement]}, ${failures.length} not measured, in ${report.tookSeconds} s`)
  return report
}

function lineOfTable(figure: Judged): string {
  const { row, measure, unit, before, after, pairs, judgement, tripped, load } = figure
  const figures = `${short(before)} → ${short(after)} ${unit}`
  const earlier = tripped === undefined ? '' : `, at first ${rangeOf(tripped)}`
  const name = measure === 'cpu' ? '… CPU' : row
  return `${name.padEnd(18)} ${figures.padEnd(36)} ${rangeOf(figure)} ${SAID[judgement]}  ${pairs} pairs, load ${load}${earlier}`
}

export function rangeOf({ ratio, low, high }: Interval): string {
  return `${ratio.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`
}
