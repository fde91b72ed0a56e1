// A run of small specs in a process of its own, as Jest runs those of the project: for the specs of the runner and the reporter.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

export interface RunOfSpecs {
  readonly rootDir: string
  /** The texts of the specs, by name. */
  readonly files: Readonly<Record<string, string>>
  /** Beside what every run of the project has. */
  readonly config: object
  readonly args: readonly string[]
  readonly colours: boolean
}

const HEAD = "import { beforeAll, describe, expect, test } from '@jest/globals'\n"

/** One after the other, in one process. Resolves with what it says, also where specs fail. */
export async function runOfSpecs({ rootDir, files, config, args, colours }: RunOfSpecs): Promise<string> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(rootDir, name), HEAD + text)
  const whole = {
    rootDir,
    testMatch: ['**/*.spec.ts'],
    testRunner: resolve('test/support/node-runner.mjs'),
    testEnvironment: resolve('test/support/watchful-environment.mjs'),
    transform: {},
    moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
    ...config,
  }
  const jest = ['--no-warnings', resolve('node_modules/jest/bin/jest.js'), '--config', JSON.stringify(whole)]
  // Not as the run around this one has them: colours would stand in the midst of what is looked for.
  const env = { ...process.env, FORCE_COLOR: colours ? '1' : '0' }
  const ended = promisify(execFile)(process.execPath, [...jest, '--runInBand', '--no-cache', ...args], {
    cwd: rootDir,
    env,
  })
  const { stdout } = await ended.catch((failure: { stdout: string }) => failure)
  return stdout
}
