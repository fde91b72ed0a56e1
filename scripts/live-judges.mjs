// Finds what judges the live side and consistency, which knows nothing of us: where scripts/tools.mjs has put it.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { installFromNpm, installFromPypi, run } from './install-packages.mjs'
import { root } from './runtime.mjs'

const cache = join(root, 'node_modules', '.cache', 'live-judges')
const PYTHON_PACKAGES = ['kosoku==0.1.0', 'httpx==0.28.1', 'httpx-sse==0.4.3']
const checker = join(root, 'test', 'judges', 'porcupine', 'checker')
const NPM_PACKAGES = ['eventsource@5.1.5']

/** Each by the file that is there when all of it is. */
const judges = {
  kosoku: { file: join(cache, 'bin', 'kosoku'), install: installPython },
  'httpx-sse': { file: join(cache, 'bin', 'python'), install: installPython },
  eventsource: { file: join(cache, 'node_modules', 'eventsource', 'package.json'), install: installNpm },
  porcupine: { file: join(cache, 'bin', 'porcupine'), install: buildChecker, source: checker },
}

/** Undefined where it could not be installed. */
export function findLiveJudge(name) {
  const { file, source } = judges[name]
  return existsSync(file) && (source === undefined || isOf(file, source)) ? file : undefined
}

/** A program that is older than its source is another. */
function isOf(program, source) {
  const madeAt = statSync(program).mtimeMs
  return readdirSync(source).every(name => statSync(join(source, name)).mtimeMs <= madeAt)
}

export function installLiveJudge(name) {
  judges[name].install()
}

function installPython() {
  installFromPypi(cache, PYTHON_PACKAGES)
}

function installNpm() {
  installFromNpm(cache, NPM_PACKAGES)
}

/** The versions are those of its go.mod and go.sum. */
function buildChecker() {
  run('go', ['build', '-C', checker, '-o', judges.porcupine.file, '.'])
}
