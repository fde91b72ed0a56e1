// The table of results on the terminal, and the same as JSON for machines.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { median } from './figures.js'
import type { MachineFacts } from './machine.js'

export interface Target {
  readonly of: 'store' | 'ratio'
  readonly atMost?: number
  readonly atLeast?: number
}

export interface Row {
  readonly group: string
  readonly what: string
  readonly unit: string
  readonly store: number
  readonly floor?: number
  readonly ratio?: number
  /** Least and greatest of the rounds. */
  readonly spread?: readonly [number, number]
  readonly targets?: readonly Target[]
  readonly met?: boolean
  readonly detail?: Readonly<Record<string, number>>
}

export interface Measured {
  readonly group: string
  readonly what: string
  readonly unit: string
  /** One figure per round. */
  readonly store: readonly number[]
  readonly floor?: readonly number[]
  readonly targets?: readonly Target[]
  readonly detail?: Readonly<Record<string, number>>
}

export class Report {
  private readonly rows: Row[] = []
  private readonly notes: string[] = []
  /** Asked at the start: what is committed while the bench runs is not what it measures. */
  private readonly commit = commitName()

  constructor(private readonly machine: MachineFacts) {}

  add({ group, what, unit, store, floor, targets, detail }: Measured): void {
    const middle = median(store)
    const base = floor === undefined ? undefined : median(floor)
    const ratio = base === undefined ? undefined : middle / base
    const row: Row = {
      group,
      what,
      unit,
      store: middle,
      spread: [Math.min(...store), Math.max(...store)],
      ...(base === undefined ? {} : { floor: base, ratio: ratio as number }),
      ...(targets === undefined ? {} : { targets, met: targets.every(target => meets(target, middle, ratio)) }),
      ...(detail === undefined ? {} : { detail }),
    }
    this.rows.push(row)
    process.stdout.write(`${line(row)}\n`)
  }

  note(text: string): void {
    this.notes.push(text)
    process.stdout.write(`  ${text}\n`)
  }

  heading(text: string): void {
    process.stdout.write(`\n${text}\n${HEADER}\n`)
  }

  /** Prints what missed, writes the file and returns its path. A run of some parts has their names in its own. */
  finish(name: string, parts: readonly string[] = []): string {
    const missed = this.rows.filter(row => row.met === false)
    const judged = this.rows.filter(row => row.met !== undefined)
    process.stdout.write(`\n${judged.length - missed.length} of ${judged.length} targets met\n`)
    for (const row of missed) process.stdout.write(`  missed: ${row.group}: ${row.what}: ${verdict(row)}\n`)
    const path = `bench/results/${[name, this.commit, ...parts].join('-')}.json`
    mkdirSync('bench/results', { recursive: true })
    const content = { machine: this.machine, at: new Date().toISOString(), rows: this.rows, notes: this.notes }
    writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`)
    process.stdout.write(`written to ${path}\n`)
    return path
  }
}

function meets({ of, atMost, atLeast }: Target, store: number, ratio: number | undefined): boolean {
  const value = of === 'store' ? store : (ratio ?? Number.NaN)
  return (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast)
}

const COLUMNS = [52, 12, 12, 7, 22, 24, 5] as const
const HEADER = cells(['what', 'store', 'floor', 'ratio', 'spread of rounds', 'target', 'met'])

function cells(texts: readonly string[]): string {
  return texts.map((text, at) => (at === 0 ? text.padEnd(COLUMNS[0]) : text.padStart(COLUMNS[at] as number))).join(' ')
}

function line(row: Row): string {
  const { what, unit, store, floor, ratio, spread, met, detail } = row
  const range = spread === undefined || spread[0] === spread[1] ? '' : `${short(spread[0])}–${short(spread[1])}`
  const table = cells([
    `${what} (${unit})`,
    short(store),
    floor === undefined ? '' : short(floor),
    ratio === undefined ? '' : ratio.toFixed(2),
    range,
    targetText(row),
    met === undefined ? '' : met ? 'yes' : 'NO',
  ])
  const more = Object.entries(detail ?? {}).map(([name, value]) => `${name} ${short(value)}`)
  return more.length === 0 ? table : `${table}\n    ${more.join('  ')}`
}

function targetText({ targets }: Row): string {
  const bound = ({ of, atMost, atLeast }: Target) =>
    `${atMost === undefined ? `≥ ${short(atLeast ?? 0)}` : `≤ ${short(atMost)}`}${of === 'ratio' ? '×' : ''}`
  return (targets ?? []).map(bound).join(', ')
}

function verdict(row: Row): string {
  const ratio = row.ratio === undefined ? '' : `, ${row.ratio.toFixed(2)}× the floor`
  return `${short(row.store)} ${row.unit}${ratio}; target ${targetText(row)}`
}

export function short(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (size >= 10_000) return Math.round(value).toLocaleString('en-US')
  if (size >= 100) return value.toFixed(0)
  if (size >= 10) return value.toFixed(1)
  return size >= 1 ? value.toFixed(2) : value.toFixed(3)
}

function commitName(): string {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : 'work'
}
