// Measures two checkouts against each other, pair by pair, with one load generator: npm run bench:pairs -- --before DIR [--after DIR --pairs 10 --seconds 2 --rows http-singles,live,… --out FILE] or --list.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { loadNow, machineFacts } from './engine/machine.js'
import { short } from './engine/report.js'
import type { Interval } from './pairs/comparison.js'
import { measureRow, type RowResult, type Settings } from './pairs/measure-row.js'
import type { PairRow } from './pairs/row.js'
import { PAIR_ROWS } from './pairs/rows.js'
import { openSide } from './pairs/side.js'

interface Outcome {
  readonly result?: RowResult
  /** The first run of a row that was slower and was therefore run once more by itself. */
  readonly tripped?: RowResult
  readonly failure?: string
}

const { values } = parseArgs({
  options: {
    before: { type: 'string' },
    after: { type: 'string', default: '.' },
    pairs: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '2' },
    rows: { type: 'string', default: '' },
    dir: { type: 'string', default: 'bench/.data' },
    out: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})

if (values.list)
  for (const { name, what, unit } of PAIR_ROWS) process.stdout.write(`${name.padEnd(22)} ${what} (${unit})\n`)
else process.exitCode = await run()

async function run(): Promise<number> {
  if (values.before === undefined) throw new Error('--before DIR names the checkout to compare with')
  const rows = chosen(values.rows)
  const [pairs, seconds] = [Number(values.pairs), Number(values.seconds)]
  if (!(pairs >= 2) || !(seconds > 0)) throw new Error('--pairs takes 2 or more, --seconds more than 0')
  mkdirSync(values.dir, { recursive: true })
  const directory = mkdtempSync(resolve(values.dir, 'pairs-'))
  try {
    const sides = [await openSide('before', values.before), await openSide('after', values.after)] as const
    const machine = machineFacts(values.dir)
    process.stdout.write(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${loadNow()}\n`)
    process.stdout.write(`before ${sides[0].commit}, after ${sides[1].commit}; ${pairs} pairs of ${seconds} s\n`)
    process.stdout.write('ratio above 1: after is slower; [95 % interval]\n\n')
    const outcomes = await all(rows, { sides, pairs, seconds, directory })
    write(
      { machine, at: new Date().toISOString(), before: sides[0].commit, after: sides[1].commit, pairs, seconds },
      outcomes,
    )
    return outcomes.some(({ failure, result }) => failure !== undefined || result?.verdict === 'slower') ? 1 : 0
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A row by its name, several by what their names begin with. */
function chosen(given: string): readonly PairRow[] {
  const names = given.split(',').filter(name => name !== '')
  const meant = (name: string) => {
    const exact = PAIR_ROWS.filter(row => row.name === name)
    return exact.length > 0 ? exact : PAIR_ROWS.filter(row => row.name.startsWith(name))
  }
  const unknown = names.filter(name => meant(name).length === 0)
  if (unknown.length > 0) throw new Error(`there is no row ${unknown.join(', ')}; --list names them`)
  return names.length === 0 ? PAIR_ROWS : PAIR_ROWS.filter(row => names.some(name => meant(name).includes(row)))
}

async function all(rows: readonly PairRow[], settings: Settings): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const row of rows) {
    try {
      outcomes.push({ result: told(await measureRow(row, settings)) })
    } catch (error) {
      outcomes.push({ failure: `${row.name}: ${error instanceof Error ? error.message : error}` })
      process.stdout.write(`${outcomes.at(-1)?.failure}\n`)
    }
  }
  // Once more by itself: one row in forty trips by chance alone.
  for (const [at, { result }] of outcomes.entries()) {
    if (result?.verdict !== 'slower') continue
    process.stdout.write(`once more: `)
    outcomes[at] = { result: told(await measureRow(rows[at] as PairRow, settings)), tripped: result }
  }
  return outcomes
}

function told(result: RowResult): RowResult {
  const { name, unit, before, after, verdict, cpu, tookSeconds, load } = result
  const figures = `${short(before)} → ${short(after)} ${unit}`
  const processor = cpu === undefined ? '' : `  CPU ${rangeOf(cpu)}`
  process.stdout.write(
    `${name.padEnd(22)} ${figures.padEnd(34)} ${rangeOf(result)} ${verdict.padEnd(10)}${processor}  ${tookSeconds} s, load ${load}\n`,
  )
  return result
}

function rangeOf({ ratio, low, high }: Interval): string {
  return `${ratio.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`
}

function write(context: object, outcomes: readonly Outcome[]): void {
  const slower = outcomes.filter(({ result }) => result?.verdict === 'slower')
  const failed = outcomes.filter(({ failure }) => failure !== undefined)
  process.stdout.write(`\n${outcomes.length} rows, ${slower.length} slower, ${failed.length} failed\n`)
  if (values.out === undefined) return
  mkdirSync(dirname(values.out), { recursive: true })
  writeFileSync(values.out, `${JSON.stringify({ ...context, rows: outcomes }, null, 2)}\n`)
  process.stdout.write(`written to ${values.out}\n`)
}
