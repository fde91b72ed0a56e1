// Runs every test that shows a requirement, stores the outcomes and makes the page: npm run validation. With
// `-- --page-only` the stored outcomes are used; with `-- --from FILE…` those of whole runs with `--json --outputFile`;
// with `-- --also FILE…` those of the files that were run there, beside the stored ones of all others.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileOf, type Outcomes, outcomes, page, requirements, root } from './page.js'

interface JestResult {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

const stored = join(root, 'test', 'validation', 'outcomes.json')
const files = [...new Set(requirements.flatMap(({ tests }) => tests).map(fileOf))].sort()

/** Of the files that show a requirement. */
function outcomesIn(path: string): Outcomes['files'] {
  const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as JestResult
  const how = (status: string) => (status === 'passed' || status === 'failed' ? status : 'skipped')
  const told = testResults.map(({ name, assertionResults }): [string, Outcomes['files'][string]] => [
    relative(root, name),
    Object.fromEntries(
      assertionResults.map(({ fullName, status }) => [fullName.replaceAll(`${root}/`, ''), how(status)]),
    ),
  ])
  return Object.fromEntries(told.filter(([file]) => files.includes(file)))
}

function ran(suite: 'test' | 'test:tools', chosen: readonly string[]): Outcomes['files'] {
  if (chosen.length === 0) return {}
  const place = mkdtempSync(join(tmpdir(), 'validation-'))
  const output = join(place, 'jest.json')
  const args = ['scripts/run.mjs', suite, '--json', '--outputFile', output, '--runTestsByPath', ...chosen]
  const env = { ...process.env, LIGHTHOUSE_TRIGGERS: '1' }
  spawnSync(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] })
  if (!existsSync(output)) throw new Error(`${suite} told nothing of ${chosen.length} files`)
  const told = outcomesIn(output)
  rmSync(place, { recursive: true })
  return told
}

function all(): Outcomes['files'] {
  const [word, ...given] = process.argv.slice(2)
  if (word === '--from') return Object.assign({}, ...given.map(outcomesIn)) as Outcomes['files']
  if (word === '--also') return Object.assign({ ...outcomes().files }, ...given.map(outcomesIn)) as Outcomes['files']
  const isTrial = (file: string) => file.endsWith('.trial.ts')
  const quick = files.filter(file => !isTrial(file))
  return { ...ran('test', quick), ...ran('test:tools', files.filter(isTrial)) }
}

if (process.argv[2] !== '--page-only') {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim()
  const run: Outcomes = { at: new Date().toISOString().slice(0, 10), commit, files: all() }
  writeFileSync(stored, `${JSON.stringify(run, null, 2)}\n`)
}
writeFileSync(join(root, 'docs', 'VALIDATION.md'), page(requirements, outcomes()))
const hows = Object.values(outcomes().files).flatMap(file => Object.values(file))
const count = (how: string) => hows.filter(one => one === how).length
process.stdout.write(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped\n`)
