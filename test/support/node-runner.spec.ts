// What the runner of the specs promises, shown by runs of small files: a file fails for what is wrong in it, and for nothing else.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { runOfSpecs } from './run-of-specs.js'
import { withTempDirectory } from './temp-directory.js'

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly message: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

/** One after the other, in one process. */
async function run(files: Readonly<Record<string, string>>): Promise<Map<string, { ends: string[]; message: string }>> {
  return withTempDirectory(async rootDir => {
    const report = join(rootDir, 'report.json')
    const args = ['--silent', '--json', '--outputFile', report]
    await runOfSpecs({ rootDir, files, config: { testTimeout: 300 }, args, colours: false })
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report
    return new Map(
      testResults.map(({ name, message, assertionResults }) => [
        name.slice(rootDir.length + 1),
        { ends: assertionResults.map(({ fullName, status }) => `${fullName}: ${status}`), message },
      ]),
    )
  })
}

test('a test that fails names the line of its source, and one that never ends fails at its limit', async () => {
  const ends = await run({
    'wrong.spec.ts': [
      'interface Typed {\n  readonly of: number\n}\n\nfunction is(one: Typed): number {\n  return one.of\n}\n',
      "test('is wrong', () => {\n  expect(is({ of: 1 })).toBe(2)\n})\n",
      "test('is right', () => undefined)\n",
    ].join('\n'),
    'hung.spec.ts': "test('never ends', () => new Promise(() => undefined))\n",
    'unreadable.spec.ts': "import './what-is-not-there.js'\n",
  })
  expect(ends.get('wrong.spec.ts')?.ends).toEqual(['is wrong: failed', 'is right: passed'])
  expect(ends.get('wrong.spec.ts')?.message).toMatch(/wrong\.spec\.ts:11:\d/)
  expect(ends.get('hung.spec.ts')?.ends).toEqual(['never ends: failed'])
  expect(ends.get('hung.spec.ts')?.message).toContain('Exceeded timeout of 300 ms')
  expect(ends.get('unreadable.spec.ts')?.message).toContain('what-is-not-there')
})

const LEFT: Readonly<Record<string, string>> = {
  'in-a-test': "test('a', () => new Promise(done => { Promise.reject(new Error('left')); setTimeout(done, 20) }))",
  'at-the-end': "test('a', () => { Promise.reject(new Error('left')) })",
  'after-the-end': "test('a', () => { setImmediate(() => { Promise.reject(new Error('left')) }) })",
  'thrown-after-the-end': "test('a', () => { setImmediate(() => { throw new Error('left') }) })",
  'outside-of-tests': "Promise.reject(new Error('left'))\ntest('a', () => {})",
}

test('a rejection that nobody handles and an exception that nobody catches fail their spec file, and only that', async () => {
  const texts = Object.entries({ ...LEFT, sound: "test('a', () => Promise.resolve())" })
  const ends = await run(Object.fromEntries(texts.map(([name, text]) => [`${name}.spec.ts`, text])))
  for (const name of Object.keys(LEFT))
    expect([name, ends.get(`${name}.spec.ts`)?.message]).toEqual([name, expect.stringContaining('left')])
  expect(ends.get('sound.spec.ts')).toEqual({ ends: ['a: passed'], message: '' })
})

test('a file has tests, hooks and environment variables of its own, and modules in common with the files before it', async () => {
  const file = (mine: string) =>
    [
      "import { loads, seen } from './shared.js'",
      `beforeAll(() => seen.push('${mine} begins'))`,
      `describe.each([1, 2])('${mine} %i', n => {`,
      "  test('is run', () => void seen.push(String(expect.getState().currentTestName)))",
      '})',
      `test('${mine} was alone', () => {`,
      `  expect(seen.slice(-3)).toEqual(['${mine} begins', '${mine} 1 is run', '${mine} 2 is run'])`,
      '  expect(loads()).toBe(1)',
      "  expect(process.env['SET_BY_A_FILE']).toBeUndefined()",
      "  process.env['SET_BY_A_FILE'] = '1'",
      '})',
    ].join('\n')
  const shared = [
    'const all = globalThis as { loaded?: number }',
    'all.loaded = (all.loaded ?? 0) + 1',
    'export const seen: string[] = []',
    'export const loads = () => all.loaded',
  ].join('\n')
  const ends = await run({ 'shared.ts': shared, 'a.spec.ts': file('a'), 'b.spec.ts': file('b') })
  for (const mine of ['a', 'b']) {
    const its = [`${mine} 1 is run`, `${mine} 2 is run`, `${mine} was alone`].map(name => `${name}: passed`)
    expect(ends.get(`${mine}.spec.ts`)).toEqual({ ends: its, message: '' })
  }
})
