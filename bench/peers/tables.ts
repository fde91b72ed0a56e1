// The tables of a stored run, as docs/COMPARISON.md shows them between two marks.
import { readFileSync, writeFileSync } from 'node:fs'
import { short } from '../engine/report.js'
import type { CellResult, Figures } from './measure.js'
import { type Stored, storedAt } from './results.js'

const PAGE = 'docs/COMPARISON.md'
const OURS = 'lighthouse'
const END = '<!-- peers end -->'
const BEGIN = /<!-- peers of (\S+) -->/

const NAMES: Readonly<Record<string, string>> = {
  lighthouse: 'Lighthouse',
  umadb: 'UmaDB',
  postgresql: 'PostgreSQL',
  emmett: 'Emmett',
  redis: 'Redis',
  jetstream: 'JetStream',
}
const NONE = '–'

type Cellwise = (figures: Figures) => string

const NO_RUN = 'none'

/** What stands between the marks, and what the stored run behind it makes of it. */
export function pageAndRun(): { readonly shown: string; readonly made: string } {
  const page = readFileSync(PAGE, 'utf8')
  const begin = BEGIN.exec(page)
  const path = begin?.[1]
  if (begin === null || path === undefined) throw new Error(`${PAGE} has no mark of a run`)
  return { shown: page.slice(begin.index, page.indexOf(END)), made: sectionOf(path) }
}

export function writePage(path: string): void {
  const page = readFileSync(PAGE, 'utf8')
  const begin = BEGIN.exec(page)
  if (begin === null) throw new Error(`${PAGE} has no mark of a run`)
  writeFileSync(PAGE, `${page.slice(0, begin.index)}${sectionOf(path)}${page.slice(page.indexOf(END))}`)
}

function sectionOf(path: string): string {
  const begin = `<!-- peers of ${path} -->`
  if (path === NO_RUN) return `${begin}\n\nNo run that was quiet enough is stored yet.\n\n`
  return `${begin}\n\n${tablesOf(storedAt(path))}\n\n`
}

export function tablesOf(stored: Stored): string {
  const { machine, rounds, seconds, commit, at, eventBytes } = stored
  const context =
    `Commit \`${commit}\`, ${at.slice(0, 10)}: ${machine.cpu}, ${machine.cores} cores, ${machine.fileSystem}, ` +
    `${machine.kernel}, Node ${machine.node}; ${rounds} rounds of ${seconds} s, events of ${eventBytes} bytes as JSON.`
  const timed = stored.cells.filter(cell => cell.name !== 'start')
  const paced = timed.filter(cell => cell.name !== 'seen')
  return [
    context,
    'Events a second of Lighthouse, and how many times those of each peer that is (above 1: Lighthouse does more):',
    ratesOf(paced, stored),
    'Microseconds of CPU of the server for each event:',
    tableOf(paced, stored, ({ serverMicros }) => short(serverMicros as number)),
    'Milliseconds, p50 / p99, of an append until it is acknowledged, and of one until another client has seen it:',
    tableOf(
      timed.filter(({ systems }) => systems[OURS]?.['p50'] !== undefined),
      stored,
      ({ p50, p99 }) => `${short(p50 as number)} / ${short(p99 as number)}`,
    ),
    'The systems:',
    systemsOf(stored),
  ].join('\n\n')
}

function namesOf({ systems }: Stored): string[] {
  return Object.keys(NAMES).filter(name => systems.some(system => system.name === name))
}

function rows(head: readonly string[], lines: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...lines].map(line => `| ${line.join(' | ')} |`).join('\n')
}

function ratesOf(cells: readonly CellResult[], stored: Stored): string {
  const peers = namesOf(stored).filter(name => name !== OURS)
  const head = ['what', 'Lighthouse', ...peers.map(name => `÷ ${NAMES[name]}`)]
  return rows(
    head,
    cells.map(({ what, systems }) => {
      const ours = systems[OURS]?.['perSecond'] as number
      const ratio = (theirs: number | undefined) => (theirs === undefined ? NONE : (ours / theirs).toFixed(2))
      return [what, rounded(ours), ...peers.map(name => ratio(systems[name]?.['perSecond']))]
    }),
  )
}

/** Three figures are as many as a run can tell. */
function rounded(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US')
}

function tableOf(cells: readonly CellResult[], stored: Stored, said: Cellwise): string {
  const names = namesOf(stored)
  return rows(
    ['what', ...names.map(name => NAMES[name] as string)],
    cells.map(({ what, systems }) => [
      what,
      ...names.map(name => (systems[name] === undefined ? NONE : said(systems[name]))),
    ]),
  )
}

function systemsOf(stored: Stored): string {
  const start = stored.cells.find(({ name }) => name === 'start')
  const said = (name: string): string[] => {
    const { readyMs, idleBytes, diskBytesPerEvent } = start?.systems[name] ?? {}
    if (readyMs === undefined) return [NONE, NONE, NONE]
    return [
      `${short(readyMs)} ms`,
      `${short((idleBytes as number) / 1e6)} MB`,
      `${Math.round(diskBytesPerEvent as number).toLocaleString('en-US')} B`,
    ]
  }
  return rows(
    ['', 'version', 'syncs an append', 'start', 'idle memory', 'disk an event'],
    namesOf(stored).map(name => {
      const system = stored.systems.find(one => one.name === name)
      return [NAMES[name] as string, system?.version ?? '', (system?.syncsPerAppend ?? 0).toFixed(2), ...said(name)]
    }),
  )
}
