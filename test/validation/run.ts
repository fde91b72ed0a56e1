// Runs every test that shows a requirement, stores the outcomes and makes the page: npm run validation [-- --page-only].
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

function ran(suite: 'test' | 'test:tools', chosen: readonly string[]): Outcomes['files'] {
  if (chosen.length === 0) return {}
  const place = mkdtempSync(join(tmpdir(), 'validation-'))
  const output = join(place, 'jest.json')
  const args = ['scripts/run.mjs', suite, '--json', '--outputFile', output, '--runTestsByPath', ...chosen]
  spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  if (!existsSync(output)) throw new Error(`${suite} told nothing of ${chosen.length} files`)
  const { testResults } = JSON.parse(readFileSync(output, 'utf8')) as JestResult
  rmSync(place, { recursive: true })
  const how = (status: string) => (status === 'passed' || status === 'failed' ? status : 'skipped')
  return Object.fromEntries(
    testResults.map(({ name, assertionResults }) => [
      relative(root, name),
      Object.fromEntries(assertionResults.map(({ fullName, status }) => [fullName, how(status)])),
    ]),
  )
}

if (!process.argv.includes('--page-only')) {
  const isTrial = (file: string) => file.endsWith('.trial.ts')
  const quick = ran(
    'test',
    files.filter(file => !isTrial(file)),
  )
  const slow = ran('test:tools', files.filter(isTrial))
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim()
  const run: Outcomes = { at: new Date().toISOString().slice(0, 10), commit, files: { ...quick, ...slow } }
  writeFileSync(stored, `${JSON.stringify(run, null, 1)}\n`)
}
writeFileSync(join(root, 'docs', 'VALIDATION.md'), page(requirements, outcomes()))
const hows = Object.values(outcomes().files).flatMap(file => Object.values(file))
const count = (how: string) => hows.filter(one => one === how).length
process.stdout.write(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped\n`)
