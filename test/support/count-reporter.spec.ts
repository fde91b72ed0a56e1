// The end of a run's output says which tests failed and why, for whoever sees nothing but the end of it.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { withTempDirectory } from './temp-directory.js'

const HEAD = "import { expect, test } from '@jest/globals'\n"

async function endOfRun(files: Readonly<Record<string, string>>): Promise<string> {
  return withTempDirectory(async rootDir => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(rootDir, name), HEAD + text)
    const config = {
      rootDir,
      testMatch: ['**/*.spec.ts'],
      testRunner: resolve('test/support/node-runner.mjs'),
      testEnvironment: resolve('test/support/watchful-environment.mjs'),
      transform: {},
      moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
      reporters: [resolve('scripts/count-reporter.mjs')],
    }
    const args = ['--no-warnings', resolve('node_modules/jest/bin/jest.js'), '--config', JSON.stringify(config)]
    const ended = promisify(execFile)(process.execPath, [...args, '--runInBand', '--no-cache'], {
      cwd: rootDir,
      env: { ...process.env, FORCE_COLOR: '1' },
    })
    const { stdout } = await ended.catch((failure: { stdout: string }) => failure)
    return stdout
  })
}

test('what failed stands at the end, without colours, before the counts', async () => {
  const end = await endOfRun({
    'wrong.spec.ts': "test('adds up', () => {\n  expect(1 + 1).toBe(3)\n})\ntest('holds', () => undefined)\n",
    'unreadable.spec.ts': "import './what-is-not-there.js'\n",
  })
  expect(end).toMatch(/\nfailed:\n/)
  expect(end).toMatch(/\nwrong\.spec\.ts › adds up\n {4}.*/)
  expect(end).toContain('Expected: 3')
  expect(end).toMatch(/\nunreadable\.spec\.ts\n(?: {4}.*\n)*? {4}.*what-is-not-there/)
  expect(end).not.toContain('\u001b')
  expect(end.trimEnd()).toMatch(/\n1 passed, 2 failed, 0 skipped$/)
})

test('a run without a failure has no such list', async () => {
  expect(await endOfRun({ 'right.spec.ts': "test('holds', () => undefined)\n" })).not.toContain('failed:')
})
