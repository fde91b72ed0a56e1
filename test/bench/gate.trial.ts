// The command of the gate as a developer runs it, on a commit and itself, as short as it can be.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSeries } from '../../bench/gate/series.js'
import { withTempDirectory } from '../support/temp-directory.js'
import { runScript } from '../tools/run-script.js'

// skip: without a repository there are no commits to compare
const inGit = existsSync('.git') ? test : test.skip
const SHORTEST = ['--pairs', '2', '--turns', '1', '--seconds', '0.2', '--minutes', '0.1']

inGit('compares a commit with itself (skipped where there is no repository)', () =>
  withTempDirectory(async directory => {
    const series = join(directory, 'gate.jsonl')
    const sides = ['--before', 'HEAD', '--after', 'HEAD', '--rows', 'batch-throughput']
    const { code, said } = await runScript('bench/gate.ts', [...sides, ...SHORTEST, '--series', series, '--page'])
    expect(code).toBe(0)
    expect(said).toContain('batch-throughput')
    const lines = readSeries(series)
    expect(lines.map(({ measure }) => measure)).toEqual(process.platform === 'linux' ? ['figure', 'cpu'] : ['figure'])
    for (const line of lines) expect(line).toMatchObject({ kind: 'short', before: line.after, judgement: 'good' })
    expect(readFileSync(join(directory, 'gate.html'), 'utf8')).toContain('batch-throughput')
  }),
)

test('an option or a row that is not there, and a side that is no commit, are refused and judge nothing', async () => {
  expect((await runScript('bench/gate.ts', ['--rows', 'nothing'])).code).toBe(2)
  expect((await runScript('bench/gate.ts', ['--nothing'])).code).toBe(2)
  expect((await runScript('bench/gate.ts', ['--before', 'no-such-commit'])).code).toBe(2)
})
