// Puts packages of npm and PyPI into a folder of their own, for tools that the project does not depend on.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** Whether the program went well. What it says is talk, so it goes to standard error. */
export function run(program, args, env = {}) {
  return spawnSync(program, args, { stdio: ['ignore', 2, 2], env: { ...process.env, ...env } }).status === 0
}

export function installFromNpm(place, packages, ...options) {
  mkdirSync(place, { recursive: true })
  const args = ['install', '--prefix', place, '--no-save', '--no-package-lock', '--loglevel=error']
  run('npm', [...args, ...options, ...packages])
}

/** Into an environment of their own: most systems want none of theirs touched. */
export function installFromPypi(place, packages) {
  if (makeEnvironment(place))
    run(join(place, 'bin', 'pip'), ['install', '--quiet', ...packages], { PIP_DISABLE_PIP_VERSION_CHECK: '1' })
}

export function makeEnvironment(place) {
  mkdirSync(place, { recursive: true })
  return run('python3', ['-m', 'venv', place])
}
