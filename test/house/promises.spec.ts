// No promise is left on its own: the compiler's types tell where it is started, and what nobody handled fails the spec file it happened in.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { withTempDirectory } from '../support/temp-directory.js'
import { projectFolder, readProject } from './project.js'
import { leftPromises } from './promises.js'

const run = promisify(execFile)

interface Ended {
  readonly code: number
  readonly output: string
}

async function outcomeOf(program: string, args: readonly string[], cwd: string): Promise<Ended> {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' }
  try {
    const { stdout, stderr } = await run(process.execPath, [join(projectFolder, program), ...args], { cwd, env })
    return { code: 0, output: stdout + stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, output: stdout + stderr }
  }
}

const PLANTED = `
class Ledger {
  async close(): Promise<void> {}
}
declare const ledger: Ledger
declare const ledgers: readonly Ledger[]
declare const soon: (work: () => void) => void
export async function left(): Promise<void> {
  ledger.close()
  ledger.close().then(() => 1)
  ledger.close().finally(() => 1)
  ledgers.length > 0 && ledger.close()
  ledgers.map(one => one.close())
  for (const one of ledgers) one.close()
  soon(() => ledger.close())
  soon(async () => undefined)
}
export async function kept(): Promise<unknown> {
  await ledger.close()
  ledger.close().catch(() => 1)
  ledger.close().then(() => 1, () => 2)
  ledger.close().catch(() => 1).finally(() => 1)
  void ledger.close()
  soon(() => void ledger.close())
  soon(() => ledger.close().catch(() => 1))
  const closing = ledger.close()
  return closing
}
`

const configPath = join(projectFolder, 'tsconfig.json')

test('a promise that is started and left is found, and one that somebody handles is not', () =>
  withTempDirectory(folder => {
    const file = join(folder, 'planted.ts')
    writeFileSync(file, PLANTED)
    const from = PLANTED.split('\n').findIndex(line => line.includes('function left')) + 2
    const lines = leftPromises(configPath, [file]).map(({ line }) => line)
    expect(lines).toEqual(Array.from({ length: 8 }, (_, at) => from + at))
  }))

test('no promise is started and left', () => {
  const sources = readProject().filter(({ path }) => /^(client\/)?src\/.*(?<!\.spec)\.ts$/.test(path))
  const found = leftPromises(
    configPath,
    sources.map(({ path }) => join(projectFolder, path)),
  )
  expect(sources.length).toBeGreaterThan(300)
  expect(found.map(({ file, line, complaint }) => `${relative(projectFolder, file)}:${line} ${complaint}`)).toEqual([])
}, 120_000)

const SPECS: Readonly<Record<string, string>> = {
  'in-a-test': "test('a', () => new Promise(done => { Promise.reject(new Error('left')); setTimeout(done, 20) }))",
  'at-the-end': "test('a', () => { Promise.reject(new Error('left')) })",
  'after-the-end': "test('a', () => { setImmediate(() => { Promise.reject(new Error('left')) }) })",
  'thrown-after-the-end': "test('a', () => { setImmediate(() => { throw new Error('left') }) })",
  'outside-of-tests': "Promise.reject(new Error('left'))\ntest('a', () => {})",
}

test('a rejection that nobody handles and an exception that nobody catches fail their spec file, and only that', () =>
  withTempDirectory(async folder => {
    for (const [name, text] of Object.entries({ ...SPECS, sound: "test('a', () => Promise.resolve())" })) {
      writeFileSync(join(folder, `${name}.spec.cjs`), text)
    }
    const testEnvironment = join(projectFolder, 'test/support/watchful-environment.mjs')
    const config = JSON.stringify({ testEnvironment, transform: {}, testMatch: ['**/*.spec.cjs'] })
    const jest = ['--rootDir', folder, '--config', config, '--maxWorkers=1', '--no-cache']
    const { code, output } = await outcomeOf('node_modules/jest/bin/jest.js', jest, folder)
    expect(code).toBe(1)
    const verdicts = output.match(/^(PASS|FAIL) .*$/gm)?.map(line => line.replace('./', '')) ?? []
    const expected = [...Object.keys(SPECS).map(name => `FAIL ${name}.spec.cjs`), 'PASS sound.spec.cjs']
    expect(verdicts.sort()).toEqual(expected.sort())
  }))
