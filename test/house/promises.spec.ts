// No promise is left on its own: the linter names it where it is started, and what nobody handled fails the spec file it happened in.
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { withTempDirectory } from '../support/temp-directory.js'
import { projectFolder } from './project.js'

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

const FLOATING = `// A planted file.
import { Ledger } from './ledger.js'

export function close(ledger: Ledger): void {
  ledger.close()
}

export function closeAll(ledgers: readonly Ledger[]): void {
  ledgers.map(ledger => ledger.close())
  for (const ledger of ledgers) ledger.close().then(() => undefined)
}
`

const LEDGER = `// A planted file.
export class Ledger {
  async close(): Promise<void> {
    await this.flush()
  }

  private async flush(): Promise<void> {}
}
`

test('the linter names every promise that is started and left', () =>
  withTempDirectory(async folder => {
    copyFileSync(join(projectFolder, 'biome.json'), join(folder, 'biome.json'))
    mkdirSync(join(folder, 'src'))
    writeFileSync(join(folder, 'src/ledger.ts'), LEDGER)
    writeFileSync(join(folder, 'src/planted.ts'), FLOATING)
    const biome = ['lint', '--vcs-enabled=false', 'src']
    const { code, output } = await outcomeOf('node_modules/@biomejs/biome/bin/biome', biome, folder)
    expect(code).toBe(1)
    expect(output.match(/planted\.ts:\d+:\d+ lint\/nursery\/noFloatingPromises/g)).toHaveLength(3)
  }))

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
