// The end of a run's output says which tests failed and why, for whoever sees nothing but the end of it.
import { resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { runOfSpecs } from './run-of-specs.js'
import { withTempDirectory } from './temp-directory.js'

function endOfRun(files: Readonly<Record<string, string>>): Promise<string> {
  const config = { reporters: [resolve('scripts/count-reporter.mjs')] }
  return withTempDirectory(rootDir => runOfSpecs({ rootDir, files, config, args: [], colours: true }))
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
