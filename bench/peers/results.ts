// What a run has found: on the terminal, and as JSON, to which a later run of the same commit adds its cells.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { MachineFacts } from '../engine/machine.js'
import { short } from '../engine/report.js'
import type { CellResult, Figures } from './measure.js'

export interface MeasuredSystem {
  readonly name: string
  readonly version: string
  readonly syncsPerAppend: number
}

export interface Run {
  readonly machine: MachineFacts
  readonly rounds: number
  readonly seconds: number
  readonly eventBytes: number
}

export interface Stored extends Run {
  readonly commit: string
  readonly at: string
  readonly systems: readonly MeasuredSystem[]
  readonly cells: readonly CellResult[]
}

export class Results {
  private systems: readonly MeasuredSystem[]
  private cells: readonly CellResult[]
  /** Asked at the start: what is committed while the bench runs is not what it measures. */
  private readonly commit = commitName()

  constructor(
    private readonly run: Run,
    private readonly path: string | undefined,
  ) {
    const before = path === undefined || !existsSync(path) ? undefined : storedAt(path)
    if (before !== undefined && before.commit !== this.commit) {
      throw new Error(`${path} is of commit ${before.commit}, this is ${this.commit}: name another file`)
    }
    this.systems = before?.systems ?? []
    this.cells = before?.cells ?? []
  }

  system(found: MeasuredSystem): void {
    this.systems = [...this.systems.filter(({ name }) => name !== found.name), found]
  }

  cell(found: CellResult): void {
    this.cells = [...this.cells.filter(({ name }) => name !== found.name), found]
    if (this.path === undefined) return
    mkdirSync(dirname(this.path), { recursive: true })
    const { run, commit, systems, cells } = this
    const content: Stored = { ...run, commit, at: new Date().toISOString(), systems, cells }
    writeFileSync(this.path, `${JSON.stringify(content, null, 2)}\n`)
  }
}

export function storedAt(path: string): Stored {
  return JSON.parse(readFileSync(path, 'utf8')) as Stored
}

function commitName(): string {
  const git = (...args: string[]) => spawnSync('git', args, { encoding: 'utf8' }).stdout.trim()
  const changed = git('status', '--porcelain', '--', 'src', 'client/src', 'bench', 'package-lock.json') !== ''
  return `${git('rev-parse', '--short', 'HEAD')}${changed ? '+changes' : ''}`
}

export function linesOf({ what, systems }: CellResult): string[] {
  const ours = systems['lighthouse']
  return [what, ...Object.entries(systems).map(([name, figures]) => `  ${name.padEnd(12)} ${lineOf(figures, ours)}`)]
}

function lineOf(figures: Figures, ours: Figures | undefined): string {
  const { perSecond, p50, p99, serverMicros, clientMicros, readyMs, idleBytes, diskBytesPerEvent } = figures
  if (perSecond === undefined) {
    const memory = `idle ${short((idleBytes as number) / 1e6)} MB`
    return `start ${short(readyMs as number)} ms  ${memory}  ${short(diskBytesPerEvent as number)} bytes on disk for each event`
  }
  const ratio = ours === undefined ? '' : `ours/this ${short((ours['perSecond'] as number) / perSecond)}`
  const waits = p50 === undefined ? '' : `p50 ${short(p50)} ms  p99 ${short(p99 as number)} ms`
  const cpu = `CPU µs an event: server ${short(serverMicros as number)}, client ${short(clientMicros as number)}`
  return `${short(perSecond).padStart(9)}/s  ${ratio.padEnd(17)} ${waits.padEnd(30)} ${cpu}`
}
