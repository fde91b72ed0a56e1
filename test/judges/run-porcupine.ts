// Histories at length, judged by Porcupine: npm run judge:porcupine [-- --rounds 10 --seconds 60 --every 1000 --seed N --out FILE --keep FILE].
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Counts, check, countsOf, hasChecker } from './porcupine/check.js'
import { PLANTED } from './porcupine/planted.js'
import { record } from './porcupine/record.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '60' },
    every: { type: 'string', default: '1000' },
    seed: { type: 'string', default: `${Date.now() % 2 ** 31}` },
    out: { type: 'string' },
    keep: { type: 'string' },
  },
})

interface Round {
  readonly seed: number
  readonly kills: number
  readonly jumps: number
  readonly models: Readonly<Record<string, Counts>>
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Names of planted violations that were not refused, or whose history without them was. */
async function misjudged(): Promise<string[]> {
  const judged = async (kind: 'right' | 'wrong', expected: string) => {
    const lines = PLANTED.flatMap(({ name, [kind]: part }) => part.map(line => ({ ...line, part: name })))
    return (await check(lines)).filter(({ verdict }) => verdict !== expected).map(({ part }) => `${part} (${kind})`)
  }
  return [...(await judged('right', 'Ok')), ...(await judged('wrong', 'Illegal'))]
}

async function round(seed: number): Promise<Round> {
  const { lines, kills, jumps } = await record({
    seconds: Number(values.seconds),
    seed,
    faultEvery: Number(values.every),
  })
  if (values.keep !== undefined) writeFileSync(values.keep, lines.map(line => `${JSON.stringify(line)}\n`).join(''))
  return { seed, kills, jumps, models: countsOf(lines, await check(lines)) }
}

function tell({ seed, kills, jumps, models }: Round): boolean {
  say(`seed ${seed}: ${kills} kills, ${jumps} jumps of the clock`)
  for (const [model, { operations, unanswered, parts, refused, undecided }] of Object.entries(models)) {
    say(`  ${model}: ${operations} operations, ${unanswered} unanswered, in ${parts} histories; ${undecided} undecided`)
    for (const part of refused) say(`  REFUSED: ${model} ${part}`)
  }
  return Object.values(models).every(({ refused, undecided }) => refused.length === 0 && undecided === 0)
}

/** After every round, for a long run may be ended before its time. */
function store(file: string, rounds: readonly Round[]): void {
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim()
  const facts = { commit, node: process.version, seconds: Number(values.seconds), planted: PLANTED.length }
  writeFileSync(resolve(file), `${JSON.stringify({ ...facts, rounds }, undefined, 1)}\n`)
}

async function run(): Promise<number> {
  if (!hasChecker) {
    say('skipped: there is no checker here, or an older one, and Go could not build it')
    return 3
  }
  const wrong = await misjudged()
  say(`${PLANTED.length} planted violations; misjudged: ${wrong.length === 0 ? 'none' : wrong.join(', ')}`)
  const rounds: Round[] = []
  let isGood = wrong.length === 0
  for (let i = 0; i < Number(values.rounds); i++) {
    const done = await round(Number(values.seed) + i)
    rounds.push(done)
    isGood = tell(done) && isGood
    if (values.out !== undefined) store(values.out, rounds)
  }
  return isGood ? 0 : 1
}

process.exitCode = await run()
