// Which commit made it slower: git halves the commits between a good one and a bad one, pairs with the good one judge each.
import { spawnSync } from 'node:child_process'
import { intervalOf } from '../pairs/comparison.js'
import { measureRow, type Settings } from '../pairs/measure-row.js'
import type { PairRow } from '../pairs/row.js'
import { openSide, type Side } from '../pairs/side.js'
import { type Checkouts, gitIn } from './checkouts.js'
import { judge, sideOf } from './judge.js'
import { type Judged, samplesOf } from './measure.js'
import { type GateReport, gateRun, rangeOf, runGate, type Say, type Step } from './run.js'

/** A commit that lies between both sides is measured so often before the nearer one is taken. */
const MOST_ROUNDS = 3

export interface Bisection {
  readonly checkouts: Checkouts
  readonly range: readonly [good: string, bad: string]
  readonly rows: readonly PairRow[]
  readonly settings: Omit<Settings, 'sides'>
  readonly minutes: number
  readonly say: Say
}

export async function bisect(asked: Bisection): Promise<GateReport> {
  const { checkouts, range, rows, settings, minutes, say } = asked
  const [good, bad] = range
  const before = await openSide('before', checkouts.treeOf('before', good))
  const tree = checkouts.treeOf('after', bad)
  const whole: Settings = { ...settings, sides: [before, await openSide('after', tree)] }
  const report = await runGate({ run: gateRun('bisect', whole), rows, settings: whole, minutes, say })
  const [gravest] = report.judged.filter(one => one.judgement !== 'good').sort((a, b) => b.low - a.low)
  if (gravest === undefined) {
    say('nothing to look for: no row is slower for certain')
    return report
  }
  const row = rows.find(({ name }) => name === gravest.row) as PairRow
  say(`\nlooking for the commit by ${gravest.row}, ${gravest.measure}\n`)
  const steps = await halved({ tree, before, row, gravest }, asked)
  const commit = gitIn(tree, 'rev-parse', 'refs/bisect/bad')
  const subject = gitIn(tree, 'log', '-1', '--format=%s', commit)
  const certain = suspects(tree).length === 1 && steps.every(step => step.certain)
  say(`\nslower since ${commit.slice(0, 10)} «${subject}»${certain ? '' : ', as far as noise lets it be told'}`)
  return { ...report, attribution: { commit, subject, row: row.name, measure: gravest.measure, certain, steps } }
}

interface Search {
  readonly tree: string
  readonly before: Side
  readonly row: PairRow
  readonly gravest: Judged
}

/** Git chooses what is tried next, merges and commits that cannot be built included. */
async function halved(search: Search, asked: Bisection): Promise<Step[]> {
  const { tree } = search
  const [good, bad] = asked.range.map(commit => asked.checkouts.named(commit)) as [string, string]
  gitIn(tree, 'bisect', 'start', bad, good)
  const steps: Step[] = []
  const tried = new Set<string>()
  while (untold(tree).length > 0) {
    const commit = gitIn(tree, 'rev-parse', 'HEAD')
    // Git goes on to the same commit again when the good one turns out to be no ancestor without the slow-down.
    if (tried.has(commit)) break
    tried.add(commit)
    const step = await tryCommit(search, asked)
    if (step !== undefined) steps.push(step)
    mark(tree, step === undefined ? 'skip' : step.side === 'after' ? 'bad' : 'good')
  }
  return steps
}

async function tryCommit(
  { tree, before, row, gravest }: Search,
  { checkouts, settings, say }: Bisection,
): Promise<Step | undefined> {
  const after = await built(checkouts, tree)
  if (after === undefined) return undefined
  const sides: Settings['sides'] = [before, after]
  const run = gateRun('bisect', { ...settings, sides })
  const ratios: number[] = []
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const result = await measureRow(row, { ...settings, sides })
    const sample = samplesOf(result).find(({ measure }) => measure === gravest.measure)
    if (sample === undefined) throw new Error(`${row.name} has no ${gravest.measure} any more`)
    ratios.push(...sample.ratios)
    const side = sideOf(ratios, gravest.ratio)
    if (side === 'open' && round + 1 < MOST_ROUNDS) continue
    const interval = intervalOf(ratios)
    const nearer = side === 'open' ? (interval.ratio > Math.sqrt(gravest.ratio) ? 'after' : 'before') : side
    say(`${after.commit} ${rangeOf(interval)} ${nearer === 'after' ? 'has it' : 'does not have it'}`)
    const { unit, before: less, after: more } = sample
    const figures = { measure: gravest.measure, unit, before: less, after: more, pairs: ratios.length }
    const judged = { row: row.name, what: row.what, ...figures, ...interval, judgement: judge(interval) }
    return { run, judged: { ...judged, load: result.load }, side: nearer, certain: side !== 'open' }
  }
  return undefined
}

async function built(checkouts: Checkouts, tree: string): Promise<Side | undefined> {
  try {
    checkouts.givePackages(tree)
    return await openSide('after', tree)
  } catch {
    return undefined
  }
}

/** Its exit code says only whether something is left to try, which `untold` says as well. */
function mark(tree: string, as: 'good' | 'bad' | 'skip'): void {
  spawnSync('git', ['-C', tree, 'bisect', as])
}

/** The commits that may still be the one. */
function suspects(tree: string): string[] {
  const known = references(tree, 'good').map(([name]) => name)
  return gitIn(tree, 'rev-list', 'refs/bisect/bad', '--not', ...known).split('\n')
}

/** … of which something can still be learned. */
function untold(tree: string): string[] {
  const told = [gitIn(tree, 'rev-parse', 'refs/bisect/bad'), ...references(tree, 'skip').map(([, commit]) => commit)]
  return suspects(tree).filter(commit => !told.includes(commit))
}

function references(tree: string, kind: 'good' | 'skip'): [name: string, commit: string][] {
  const lines = gitIn(tree, 'for-each-ref', '--format=%(refname) %(objectname)', 'refs/bisect').split('\n')
  const all = lines.map(line => line.split(' ') as [string, string])
  return all.filter(([name]) => name.startsWith(`refs/bisect/${kind}-`))
}
