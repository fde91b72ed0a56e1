// How much of the critical paths the specs execute: `npm run coverage` prints it by folder, stores it, and ends with 1 below 95 %. With `-- --from FOLDER` of what a run has counted there, `--files` file by file with the lines.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { judged, tableOf } from './judge.js'
import { measure } from './measure.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const FOLDERS = ['record', 'backends', 'auth', 'groups', 'degradation'].map(name => `src/${name}`)
/** What executes them: their own specs and those of what stands on them, in the process of the test or as the built product. */
const SPECS =
  '^(?!.*/test/(house|docs|bench|pictures|validation|kubernetes|image|monitoring|mutants|coverage)/).*/(src|test|client/test)/'

/** In one process, which tells what it has counted when it ends; a worker of Jest is ended before it could. */
function run(raw: string): number {
  const env = { ...process.env, NODE_V8_COVERAGE: raw, NODE_DISABLE_COMPILE_CACHE: '1' }
  const args = ['scripts/run.mjs', 'test', '--runInBand', '--silent', '--reporters', 'default', SPECS]
  return spawnSync(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] }).status ?? 1
}

const { values } = parseArgs({ options: { from: { type: 'string' }, files: { type: 'boolean', default: false } } })
const raw = values.from ?? mkdtempSync(join(tmpdir(), 'coverage-'))
try {
  const status = values.from === undefined ? run(raw) : 0
  const files = await measure(raw, root, FOLDERS)
  const outcome = judged(files, FOLDERS)
  process.stdout.write(tableOf(outcome))
  if (values.files) {
    for (const { file, missed } of files.filter(({ missed }) => missed.length > 0))
      process.stdout.write(`${file}: ${missed.join(' ')}\n`)
  }
  const at = new Date().toISOString()
  const stored = join(root, 'bench', 'results', 'coverage.json')
  writeFileSync(stored, `${JSON.stringify({ at, holds: outcome.below.length === 0, ...outcome }, null, 2)}\n`)
  if (status !== 0 || outcome.below.length > 0) process.exitCode = 1
} finally {
  if (values.from === undefined) rmSync(raw, { recursive: true, force: true })
}
