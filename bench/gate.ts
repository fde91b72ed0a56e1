// Compares two builds and says whether the newer one may pass: npm run gate -- [--before COMMIT|DIR --after COMMIT|DIR --long --bisect GOOD BAD --page --webhook URL …]; --help lists all.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { bisect } from './gate/bisect.js'
import { Checkouts, gitIn } from './gate/checkouts.js'
import { GATE_ROWS } from './gate/gate-rows.js'
import { type GateReport, gateRun, runGate } from './gate/run.js'
import { appendSeries, lineOf, readSeries, SERIES } from './gate/series.js'
import { writeTrendPage } from './gate/trend-page.js'
import { sendReport } from './gate/webhook.js'
import type { Settings } from './pairs/measure-row.js'
import type { PairRow } from './pairs/row.js'
import { PAIR_ROWS } from './pairs/rows.js'

const HELP = `npm run gate -- [options]
  --before COMMIT|DIR   what to compare with; HEAD where the sources differ from it, HEAD~1 otherwise
  --after COMMIT|DIR    what to judge; this checkout
  --long                every row of bench:pairs and more pairs of each, for nights
  --bisect GOOD BAD     which commit has made it slower
  --repository DIR      whose commits are meant; this one
  --rows NAME,…         only these
  --pairs N --turns N --seconds N --minutes N
                        pairs of processes, turns of a side in a pair, seconds of a turn, and after how many minutes none is added
  --series FILE         where results are added; ${SERIES}
  --page                writes the trend page beside the series
  --webhook URL         posts the report, signed with LIGHTHOUSE_ALERT_WEBHOOK_SECRET
  --list                names the rows
0: passes, looked at or not · 1: blocked · 2: not measured
`

const { values, positionals } = parsed({
  allowPositionals: true,
  options: {
    before: { type: 'string' },
    after: { type: 'string', default: '.' },
    long: { type: 'boolean', default: false },
    bisect: { type: 'boolean', default: false },
    rows: { type: 'string', default: '' },
    pairs: { type: 'string' },
    turns: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '0.2' },
    minutes: { type: 'string' },
    repository: { type: 'string', default: '.' },
    dir: { type: 'string', default: 'bench/.data' },
    series: { type: 'string', default: SERIES },
    page: { type: 'boolean', default: false },
    webhook: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

/** Together with building, warming and a row that trips they keep below ten minutes on two cores. */
const SHORT = { pairs: '10', minutes: '9' }
const LONG = { pairs: '40', minutes: '480' }

const all = [...GATE_ROWS, ...PAIR_ROWS]
if (values.help) process.stdout.write(HELP)
else if (values.list) for (const { name, what, unit } of all) say(`${name.padEnd(22)} ${what} (${unit})`)
else process.exitCode = await run().catch(notMeasured)

interface Plan {
  readonly rows: readonly PairRow[]
  readonly settings: Omit<Settings, 'sides'>
}

/** An option that is not there must not look like a change that is blocked. */
function parsed<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    process.exit(notMeasured(error))
  }
}

/** Nothing was judged, so nothing is blocked; but it is no consent either. */
function notMeasured(error: unknown): number {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  return 2
}

async function run(): Promise<number> {
  const rows = chosen()
  mkdirSync(values.dir, { recursive: true })
  const directory = mkdtempSync(resolve(values.dir, 'gate-'))
  const checkouts = new Checkouts(directory, values.repository)
  try {
    const settings = settingsOf(directory)
    const report = values.bisect
      ? await attributed(checkouts, { rows, settings })
      : await compared(checkouts, { rows, settings })
    const steps = report.attribution?.steps ?? []
    appendSeries(values.series, [
      ...report.judged.map(one => lineOf(report.run, one)),
      ...steps.map(step => lineOf(step.run, step.judged)),
    ])
    say(`added to ${values.series}`)
    if (values.page) say(`written to ${writeTrendPage(values.series, readSeries(values.series))}`)
    if (values.webhook !== undefined) await sendReport(values.webhook, report)
    return report.exitCode
  } finally {
    checkouts.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function compared(checkouts: Checkouts, { rows, settings }: Plan): Promise<GateReport> {
  const before = await checkouts.open('before', values.before ?? parent())
  const after = await checkouts.open('after', values.after)
  const whole: Settings = { ...settings, sides: [before, after] }
  return runGate({
    run: gateRun(values.long ? 'long' : 'short', whole),
    rows,
    settings: whole,
    minutes: minutes(),
    say,
  })
}

async function attributed(checkouts: Checkouts, { rows, settings }: Plan): Promise<GateReport> {
  const [good, bad] = positionals
  if (good === undefined || bad === undefined) throw new Error('--bisect takes two commits, the good one first')
  return bisect({ checkouts, range: [good, bad], rows, settings, minutes: minutes(), say })
}

function settingsOf(directory: string): Omit<Settings, 'sides'> {
  const [pairs, turns, seconds] = [
    Number(values.pairs ?? profile().pairs),
    Number(values.turns),
    Number(values.seconds),
  ]
  if (!(pairs >= 2) || !(turns >= 1) || !(seconds > 0) || !(minutes() > 0))
    throw new Error('--pairs takes 2 or more, --turns 1 or more, --seconds and --minutes more than 0')
  return { pairs, turns, seconds, directory, warmingSeconds: 2 }
}

function profile() {
  return values.long ? LONG : SHORT
}

function minutes(): number {
  return Number(values.minutes ?? profile().minutes)
}

function chosen(): readonly PairRow[] {
  const names = values.rows.split(',').filter(name => name !== '')
  const unknown = names.filter(name => !all.some(row => row.name === name))
  if (unknown.length > 0) throw new Error(`there is no row ${unknown.join(', ')}; --list names them`)
  if (names.length > 0) return all.filter(({ name }) => names.includes(name))
  return values.long ? all : GATE_ROWS
}

/** What is not committed yet is compared with what is, a clean checkout with the commit before it. */
function parent(): string {
  return gitIn(values.repository, 'status', '--porcelain', '--', 'src', 'package-lock.json') === '' ? 'HEAD~1' : 'HEAD'
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
