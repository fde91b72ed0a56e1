// Shows that the gate finds what it is for: npm run gate:prove -- [--parts block,look,attribute,unchanged --micros N --unchanged 10 --add --pairs 10 --turns 24 --out FILE]. Plants slow-downs in a scratch clone of four commits, and compares what is unchanged.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Judgement, worst } from './gate/judge.js'
import { plantedClone } from './gate/plant.js'
import { readSeries, type SeriesLine } from './gate/series.js'

/** The row whose slow-down is planted; the others hardly see it. */
const ROW = 'batch-throughput'

const { values } = parseArgs({
  options: {
    parts: { type: 'string' },
    micros: { type: 'string' },
    unchanged: { type: 'string', default: '10' },
    add: { type: 'boolean', default: false },
    pairs: { type: 'string', default: '10' },
    turns: { type: 'string', default: '24' },
    out: { type: 'string', default: 'bench/results/gate-proof.json' },
    dir: { type: 'string', default: 'bench/.data' },
  },
})

interface Ran {
  readonly exitCode: number
  readonly lines: readonly SeriesLine[]
  readonly said: string
}

interface Outcome {
  readonly part: string
  readonly holds: boolean
  readonly what: string
  readonly runs: readonly { readonly exitCode: number; readonly lines: readonly SeriesLine[] }[]
}

/** What is kept: each part as it was last run, and whether all of them are there and hold. */
interface Proof {
  readonly bench: 'gate-proof'
  readonly at: string
  readonly holds: boolean | undefined
  readonly rows: readonly { readonly group: string; readonly what: string; readonly store: number }[]
  readonly parts: readonly Outcome[]
}

/** What there is to prove. */
const PARTS = ['block', 'look', 'attribute', 'unchanged']

/** What is planted, in percent of the CPU of an event, and what the gate must make of it. */
const PLANTED: Readonly<
  Record<string, { readonly percent: number; readonly judgement: Judgement; readonly code: number }>
> = {
  block: { percent: 20, judgement: 'block', code: 1 },
  look: { percent: 7, judgement: 'look', code: 0 },
  attribute: { percent: 20, judgement: 'block', code: 1 },
}

mkdirSync(values.dir, { recursive: true })
const directory = mkdtempSync(resolve(values.dir, 'prove-'))
try {
  process.exitCode = await prove(values.parts?.split(',') ?? PARTS)
} finally {
  rmSync(directory, { recursive: true, force: true })
}

async function prove(parts: readonly string[]): Promise<number> {
  const outcomes: Outcome[] = []
  for (const part of parts) {
    const outcome = part === 'unchanged' ? await unchanged(Number(values.unchanged)) : await planted(part)
    outcomes.push(outcome)
    process.stdout.write(`\n${part}: ${outcome.holds ? 'holds' : 'DOES NOT HOLD'}: ${outcome.what}\n`)
    keep(outcome)
  }
  return outcomes.every(({ holds }) => holds) ? 0 : 1
}

async function planted(part: string): Promise<Outcome> {
  const asked = PLANTED[part]
  if (asked === undefined) throw new Error(`there is no part ${part}: ${PARTS.join(', ')}`)
  const micros = values.micros === undefined ? await microsOfAnEvent() : Number(values.micros)
  const clone = plantedClone(join(directory, part), (micros * asked.percent) / 100)
  const sides =
    part === 'attribute' ? ['--bisect', clone.good, clone.bad] : ['--before', clone.good, '--after', clone.bad]
  const ran = await gate([...sides, '--repository', clone.root, '--rows', ROW])
  const judgements = ran.lines.filter(({ after }) => clone.bad.startsWith(after)).map(({ judgement }) => judgement)
  const found = ran.said.includes(`slower since ${clone.planted.slice(0, 10)}`)
  const commit = part === 'attribute' ? `, commit ${found ? 'named' : 'NOT named'}` : ''
  return {
    part,
    holds: worst(judgements) === asked.judgement && ran.exitCode === asked.code && (part !== 'attribute' || found),
    what: `${asked.percent} % of ${micros.toFixed(1)} µs planted for each event: ${judgements.join(', ')}, exit code ${ran.exitCode}${commit}`,
    runs: [{ exitCode: ran.exitCode, lines: ran.lines }],
  }
}

/** `--add` counts the gates that are stored as well, because ten of them take an hour. */
async function unchanged(times: number): Promise<Outcome> {
  const runs = values.add ? [...(stored().find(({ part }) => part === 'unchanged')?.runs ?? [])] : []
  for (let time = 0; time < times; time++) {
    const { exitCode, lines } = await gate(['--before', 'HEAD', '--after', 'HEAD'])
    runs.push({ exitCode, lines })
  }
  const lines = runs.flatMap(run => run.lines)
  const alarms = lines.filter(({ judgement }) => judgement !== 'good').length
  const once = lines.filter(({ tripped }) => tripped !== undefined).length
  return {
    part: 'unchanged',
    holds: alarms === 0 && lines.length > 0 && runs.every(({ exitCode }) => exitCode === 0),
    what: `${runs.length} gates of a commit with itself, ${lines.length} figures: ${alarms} alarms, ${once} that tripped once`,
    runs,
  }
}

/** Of the CPU of the server, in batches: what a slow-down is a part of. */
async function microsOfAnEvent(): Promise<number> {
  const { lines } = await gate(['--before', 'HEAD', '--after', 'HEAD', '--rows', ROW, '--minutes', '0.1'], '3')
  const cpu = lines.find(({ measure }) => measure === 'cpu')
  if (cpu === undefined) throw new Error('this machine does not tell the CPU of a process')
  return (cpu.figures[0] + cpu.figures[1]) / 2
}

async function gate(args: readonly string[], pairs = values.pairs): Promise<Ran> {
  const series = join(mkdtempSync(join(directory, 'run-')), 'gate.jsonl')
  const command = ['--import', resolve('scripts/typescript.mjs'), 'bench/gate.ts', '--series', series]
  const shape = ['--pairs', pairs, '--turns', values.turns]
  const child = spawn(process.execPath, ['--expose-gc', ...command, ...shape, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (text: Buffer) => {
    said += text
    process.stdout.write(text)
  })
  const [code] = (await once(child, 'close')) as [number]
  return { exitCode: code, lines: readSeries(series), said }
}

function stored(): readonly Outcome[] {
  return existsSync(values.out) ? (JSON.parse(readFileSync(values.out, 'utf8')) as Proof).parts : []
}

/** Parts that are proven in runs of their own stand side by side. */
function keep(outcome: Outcome): void {
  const all = [...stored().filter(({ part }) => part !== outcome.part), outcome]
  all.sort((a, b) => a.part.localeCompare(b.part))
  // Of parts that are yet to be run nothing is said, and one that does not hold is enough.
  const holds = all.every(part => part.holds) ? all.length === PARTS.length || undefined : false
  const proof: Proof = {
    bench: 'gate-proof',
    at: new Date().toISOString(),
    holds,
    rows: all.flatMap(rowsOf),
    parts: all,
  }
  writeFileSync(values.out, `${JSON.stringify(proof, null, 2)}\n`)
}

/** The ratios, as every stored result has its figures. */
function rowsOf({ part, runs }: Outcome) {
  return runs.flatMap(({ lines }) =>
    lines.map(({ row, measure, ratio, low, high }) => {
      return { group: part, what: `${row}, ${measure}`, unit: 'ratio', store: ratio, spread: [low, high] }
    }),
  )
}
