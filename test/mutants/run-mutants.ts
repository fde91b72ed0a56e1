// Plants one mutant after the other in a copy of the project and runs the test that must catch it: `npm run mutants -- --only lock --every 10`.
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { groupMutants } from './group-mutants.js'
import { type Mutant, occurrencesOf, patternOf } from './mutant.js'
import { readMutants } from './read-mutants.js'
import { writeMutants } from './write-mutants.js'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const COPIED = ['src', 'test', 'client', 'scripts', 'package.json', 'jest.config.mjs']
/** A mutant may make a test wait for ever: that is noticed, too. */
const LONGEST_RUN_MS = 90_000

interface Verdict {
  readonly outcome: 'passed' | 'failed' | 'hung' | 'not run'
  readonly failed: readonly string[]
  readonly seconds: number
}

interface JestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

class Copy {
  readonly path = mkdtempSync(join(tmpdir(), 'lighthouse-mutants-'))

  constructor() {
    for (const name of COPIED) cpSync(join(PROJECT, name), join(this.path, name), { recursive: true })
    symlinkSync(join(PROJECT, 'node_modules'), join(this.path, 'node_modules'))
  }

  /** Runs `work` with the mutant planted. */
  async with<T>({ file, from, to }: Mutant, work: () => Promise<T>): Promise<T> {
    const path = join(this.path, file)
    const text = readFileSync(path, 'utf8')
    writeFileSync(
      path,
      text.replace(patternOf(from), () => (/^\s|\s$/.test(from) ? `\n${to}\n` : to)),
    )
    try {
      return await work()
    } finally {
      writeFileSync(path, text)
    }
  }

  /** Why the mutant cannot be planted, if so. */
  obstacle(mutant: Mutant): string | undefined {
    const count = occurrencesOf(mutant, this.path)
    return count === 1 ? undefined : `its text occurs ${count} times in ${mutant.file}`
  }

  async test(spec: string, names: readonly string[]): Promise<Verdict> {
    const report = join(this.path, 'report.json')
    rmSync(report, { force: true })
    const started = performance.now()
    const pattern = names.length === 0 ? [] : ['-t', names.map(name => `^${name}`).join('|')]
    const jest = join(this.path, 'node_modules', 'jest', 'bin', 'jest.js')
    const args = ['--no-warnings', jest, '--runInBand', '--silent', '--json']
    const hung = await this.run([...args, '--outputFile', report, '--forceExit', '--runTestsByPath', spec, ...pattern])
    const seconds = (performance.now() - started) / 1_000
    if (hung) return { outcome: 'hung', failed: [], seconds }
    return { ...judge(readReport(report)), seconds }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }

  private run(args: readonly string[]): Promise<boolean> {
    const child = spawn(process.execPath, args, {
      // A defect may show in a case that the small sample of `npm test` leaves out.
      cwd: this.path,
      stdio: 'ignore' as const,
      env: { ...process.env, LIGHTHOUSE_THOROUGH: '1' },
    })
    return new Promise(resolve => {
      const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_RUN_MS)
      child.once('close', (_, signal) => {
        clearTimeout(timer)
        resolve(signal === 'SIGKILL')
      })
    })
  }
}

/** The text, whichever way its lines are broken. */
function readReport(path: string): JestReport | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as JestReport
  } catch {
    return undefined
  }
}

function judge(report: JestReport | undefined): Pick<Verdict, 'outcome' | 'failed'> {
  const failed = (report?.testResults ?? []).flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
  )
  if (failed.length > 0) return { outcome: 'failed', failed }
  return { outcome: (report?.numPassedTests ?? 0) > 0 ? 'passed' : 'not run', failed }
}

/** Without a mutant every gate must pass, or it would prove nothing. */
async function soundGates(copy: Copy, mutants: readonly Mutant[]): Promise<Set<string>> {
  const sound = new Set<string>()
  for (const [spec, gates] of Object.entries(Object.groupBy(mutants, ({ gate }) => gate.spec))) {
    const names = (gates ?? []).map(({ gate }) => gate.test)
    const { outcome, failed, seconds } = await copy.test(
      spec,
      names.includes(undefined) ? [] : [...new Set(names as string[])],
    )
    console.log(`gate    ${outcome.padEnd(8)} ${seconds.toFixed(1).padStart(5)} s  ${spec} ${failed.join('; ')}`)
    if (outcome === 'passed') sound.add(spec)
  }
  return sound
}

async function tryMutant(copy: Copy, mutant: Mutant): Promise<boolean> {
  const obstacle = copy.obstacle(mutant)
  if (obstacle !== undefined) {
    console.log(`STALE   ${mutant.name}: ${obstacle}`)
    return false
  }
  const { spec, test } = mutant.gate
  const { outcome, failed, seconds } = await copy.with(mutant, () => copy.test(spec, test === undefined ? [] : [test]))
  const caught = outcome === 'failed' || outcome === 'hung'
  const by =
    outcome === 'failed'
      ? `${spec} › ${failed[0]}${failed.length > 1 ? ` and ${failed.length - 1} more` : ''}`
      : `${spec}: ${outcome}`
  console.log(
    `${caught ? 'caught ' : 'SURVIVED'} ${seconds.toFixed(1).padStart(5)} s  ${mutant.name}\n                 ${by}`,
  )
  return caught
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: 'string', default: '' }, every: { type: 'string', default: '1' } },
  })
  const mutants = [...writeMutants, ...readMutants, ...groupMutants]
    .filter(({ name }) => name.includes(values.only))
    .filter((_, at) => at % Number(values.every) === 0)
  const copy = new Copy()
  const started = performance.now()
  let caught = 0
  try {
    const sound = await soundGates(copy, mutants)
    for (const mutant of mutants) {
      if (!sound.has(mutant.gate.spec)) console.log(`UNPROVEN ${mutant.name}: its gate fails without it`)
      else if (await tryMutant(copy, mutant)) caught++
    }
  } finally {
    copy.remove()
  }
  const seconds = Math.round((performance.now() - started) / 1_000)
  console.log(`${mutants.length} mutants, ${caught} caught, ${mutants.length - caught} not, in ${seconds} s`)
  if (mutants.length === 0 || caught < mutants.length) process.exitCode = 1
}

await main()
