// How much of the critical paths the specs execute: `npm run coverage` prints it by folder, stores it, and ends with 1 below 95 %. With `-- --from FOLDER` of what a run has counted there, `--files` file by file with the lines.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
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

/** The specs are run in parts, side by side: each in one process, which tells what it has counted when it ends; a worker of Jest is ended before it could. */
const PARTS = 2

async function run(raw: string): Promise<boolean> {
  const env = { ...process.env, NODE_V8_COVERAGE: raw, NODE_DISABLE_COMPILE_CACHE: '1' }
  const statuses = Array.from({ length: PARTS }, async (_, at) => {
    const part = ['--runInBand', `--shard=${at + 1}/${PARTS}`]
    const args = ['scripts/run.mjs', 'test', ...part, '--silent', '--reporters', 'default', SPECS]
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] })
    const [status] = (await once(child, 'close')) as [number | null]
    return status
  })
  return (await Promise.all(statuses)).every(status => status === 0)
}

const { values } = parseArgs({ options: { from: { type: 'string' }, files: { type: 'boolean', default: false } } })
const raw = values.from ?? mkdtempSync(join(tmpdir(), 'coverage-'))
try {
  const passed = values.from !== undefined || (await run(raw))
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
  if (!passed || outcome.below.length > 0) process.exitCode = 1
} finally {
  if (values.from === undefined) rmSync(raw, { recursive: true, force: true })
}
